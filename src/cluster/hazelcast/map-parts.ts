/**
 * The Hazelcast maps that one replicated map is spread over: entries find their part by their hidden key, so that a
 * snapshot comes in MAP_PARTS pieces instead of one answer of any size.
 */
import type { ReplicatedMapOptions } from "../replicated-map.ts";
import { MAP_PARTS, SNAPSHOT_MS_MAX } from "./hazelcast-timing.ts";
import type { Store, StoreMap } from "./store.ts";
import type { ValueSeal } from "./value-seal.ts";

export class MapParts {
  readonly #seal: ValueSeal;
  readonly #parts: readonly StoreMap[];

  /** `name` is the prefix of the parts' names. */
  constructor(store: Store, name: string, seal: ValueSeal) {
    this.#seal = seal;
    this.#parts = Array.from({ length: MAP_PARTS }, (_, index) => store.map(`${name}.${index}`));
  }

  listen(take: (value: Buffer) => void): void {
    for (const part of this.#parts)
      part.listen((event) => {
        if (event.kind === "set") take(event.value);
      });
  }

  async set(key: string, value: Buffer, ttlMs: number): Promise<void> {
    const [hidden = ""] = this.#seal.hide(key);
    await this.#partOf(hidden).set(hidden, value, ttlMs);
  }

  /** What is kept under the key, also under the hidden forms of older secrets. */
  async get(key: string, withinMs: number): Promise<Buffer | undefined> {
    for (const hidden of this.#seal.hide(key)) {
      const value = await this.#partOf(hidden).get(hidden, withinMs);
      if (value) return value;
    }
    return undefined;
  }

  /** Hands over all that is kept, part by part. */
  async read(take: (value: Buffer) => void): Promise<void> {
    for (const part of this.#parts)
      for (const [, value] of await part.entries(SNAPSHOT_MS_MAX)) take(value);
  }

  #partOf(hidden: string): StoreMap {
    const index = Buffer.from(hidden.slice(0, 4), "base64url").readUInt8(0) % MAP_PARTS;
    const part = this.#parts[index];
    if (!part) throw new RangeError("a replicated map has no parts");
    return part;
  }
}

/** What takes part is decided by who opens the map: the store is shared by all. */
export type HazelcastMapOptions = Omit<ReplicatedMapOptions, "includes">;
