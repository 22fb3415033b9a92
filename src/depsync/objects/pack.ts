/** Many objects as one pack (gitformat-pack(5), version 2, without deltas), for `git index-pack --stdin`. */
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { constants, deflate } from "node:zlib";
import type { GitObject, IdAlgorithm } from "./object-id.ts";

const deflateAll = promisify(deflate);

const KIND_NUMBER = { commit: 1, tree: 2, blob: 3 } as const;
const VERSION = 2;

export async function formatPack(
  objects: readonly GitObject[],
  algorithm: IdAlgorithm,
): Promise<Buffer> {
  const header = Buffer.alloc(12, "PACK");
  header.writeUInt32BE(VERSION, 4);
  header.writeUInt32BE(objects.length, 8);
  const parts: Buffer[] = [header];
  for (const object of objects) {
    parts.push(entryHeader(object));
    parts.push(await deflateAll(object.content, { level: constants.Z_BEST_SPEED }));
  }
  const body = Buffer.concat(parts);
  return Buffer.concat([body, createHash(algorithm).update(body).digest()]);
}

/** Kind in three bits, then the size: four bits in the first byte, seven in each that follows. */
function entryHeader({ kind, content }: GitObject): Buffer {
  let rest = Math.floor(content.length / 16);
  const bytes = [(KIND_NUMBER[kind] << 4) | (content.length % 16)];
  while (rest > 0) {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 0x80;
    bytes.push(rest % 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from(bytes);
}
