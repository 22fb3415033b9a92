/**
 * Content-Encoding of bodies that are built: gzip, deflate (with or without zlib's frame) and br, one or several, bounded
 * in what comes out. Called by message-body.ts; bodies that pass through keep their coding.
 */
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from "node:zlib";
import { messageOf } from "../../errors/app-error.ts";
import { BodyTooLarge, collectBytes } from "../../net/byte-stream.ts";
import { streamOf } from "../../net/readable-bytes.ts";
import { MediationFault } from "../mediation-fault.ts";

/** Codings of one body; more are refused. */
const CODINGS_MAX = 3;

/** @throws MediationFault when a coding is unknown, the bytes are not of it, or too much comes out. */
export async function decompress(
  bytes: Buffer,
  encoding: string | undefined,
  bytesMax: number,
): Promise<Buffer> {
  if (encoding === undefined || bytes.length === 0) return bytes;
  const names = encoding
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "identity");
  if (names.length > CODINGS_MAX) throw fault(`Content-Encoding names ${names.length} codings`);
  let decoded = bytes;
  for (const name of names.toReversed()) decoded = await decode(decoded, name, bytesMax);
  return decoded;
}

async function decode(bytes: Buffer, name: string, bytesMax: number): Promise<Buffer> {
  const decoder = decoderOf(name, bytes);
  if (!decoder) throw fault(`Content-Encoding ${name} is unknown`);
  const decoded = collectBytes(streamOf(decoder), bytesMax);
  decoder.end(bytes);
  try {
    return await decoded;
  } catch (error) {
    if (error instanceof BodyTooLarge)
      throw fault(`The body is larger than ${bytesMax} bytes when it is unpacked`, error);
    throw fault(`The body is not ${name}: ${messageOf(error)}`, error);
  }
}

function decoderOf(
  name: string,
  bytes: Buffer,
):
  | ReturnType<typeof createGunzip | typeof createInflate | typeof createBrotliDecompress>
  | undefined {
  if (name === "gzip" || name === "x-gzip") return createGunzip();
  // zlib's frame starts with the method 8 in its low bits (RFC 1950 2.2); some send the bare data.
  if (name === "deflate")
    return ((bytes[0] ?? 0) & 0x0f) === 8 ? createInflate() : createInflateRaw();
  return name === "br" ? createBrotliDecompress() : undefined;
}

function fault(sentence: string, cause?: unknown): MediationFault {
  return new MediationFault(`Error while building message. ${sentence}`, { cause });
}
