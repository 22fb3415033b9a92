/**
 * One entry of a replicated map as the store keeps it: sealed, with the whole of it inside, under a key that is hidden
 * (keys may be session ids, and Hazelcast lets in whoever reaches its port).
 */
import { ByteReader, MalformedBytes } from "../byte-reader.ts";
import { ByteWriter } from "../byte-writer.ts";
import type { MapEntry } from "../replicated-map.ts";
import { EntryReader, EntryWriter } from "../replication/entry-codec.ts";
import type { ValueSeal } from "./value-seal.ts";

const placeOf = (map: string): string => `map ${map}`;

export function sealMapEntry(seal: ValueSeal, map: string, entry: MapEntry): Buffer {
  const out = new ByteWriter();
  new EntryWriter(out).write(entry);
  return seal.seal(placeOf(map), out.finish());
}

/** Undefined: made without our secret, for another map, or malformed. */
export function openMapEntry(seal: ValueSeal, map: string, value: Buffer): MapEntry | undefined {
  const plain = seal.open(placeOf(map), value);
  if (!plain) return undefined;
  try {
    return new EntryReader(new ByteReader(plain)).read();
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined;
    throw error;
  }
}
