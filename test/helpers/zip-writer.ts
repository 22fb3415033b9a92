/** Writes zip archives (APPNOTE.TXT 4.3) for tests, hostile ones included: each fact of an entry can be set to something else. */
import { crc32, deflateRawSync } from "node:zlib";

export interface ZipEntry {
  readonly name: string;
  readonly content: string | Buffer;
  /** Default: deflated. */
  readonly stored?: boolean;
  /** Bits of the general purpose flag beside UTF-8: 1 says encrypted. */
  readonly flags?: number;
  /** Unix mode, for example 0o120777 for a link. */
  readonly mode?: number;
  /** What the archive says instead of the truth. */
  readonly says?: { readonly size?: number; readonly crc?: number; readonly method?: number };
}

const UTF8 = 0x0800;

interface WrittenEntry {
  readonly local: Buffer;
  readonly central: (offset: number) => Buffer;
}

export function zipOf(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const { local, central } = written(entry);
    parts.push(local);
    directory.push(central(offset));
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, central, end]);
}

function written({ name, content, stored = false, flags = 0, mode, says }: ZipEntry): WrittenEntry {
  const bytes = Buffer.from(content as Buffer);
  const packed = stored ? bytes : deflateRawSync(bytes);
  const label = Buffer.from(name);
  const facts = Buffer.alloc(26);
  facts.writeUInt16LE(20, 0);
  facts.writeUInt16LE(flags | UTF8, 2);
  facts.writeUInt16LE(says?.method ?? (stored ? 0 : 8), 4);
  facts.writeUInt32LE(says?.crc ?? crc32(bytes), 10);
  facts.writeUInt32LE(packed.length, 14);
  facts.writeUInt32LE(says?.size ?? bytes.length, 18);
  facts.writeUInt16LE(label.length, 22);
  const local = Buffer.concat([Buffer.from("PK\u0003\u0004"), facts, label, packed]);
  return { local, central: (offset) => centralEntry(facts, label, mode ?? 0o100644, offset) };
}

// eslint-disable-next-line max-params
function centralEntry(facts: Buffer, label: Buffer, mode: number, offset: number): Buffer {
  const tail = Buffer.alloc(14);
  tail.writeUInt32LE((mode << 16) >>> 0, 6);
  tail.writeUInt32LE(offset, 10);
  // Made on Unix, with the facts of the local header.
  return Buffer.concat([Buffer.from("PK\u0001\u0002\u0014\u0003"), facts, tail, label]);
}
