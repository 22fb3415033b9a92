/**
 * A stream between two members, encrypted and authenticated with AES-256-GCM under keys of its own: HKDF(group key, random numbers of
 * both sides, both ids and the domain), so that nothing recorded is of use later. Both sides say
 * "BMS", version 1, id (16 bytes), random number (16); then frames follow: length (4), ciphertext and tag (16), numbered from 0.
 */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { formatUuid } from "./datagram-seal.ts";

/** Largest content of a frame: a message of PEER_MESSAGE_BYTES_MAX with its channel, or the state of all members. */
export const FRAME_BYTES_MAX = 4 * 1024 * 1024;

const CIPHER = "aes-256-gcm";
const MAGIC = Buffer.from([0x42, 0x4d, 0x53, 0x01]);
const ID_BYTES = 16;
const RANDOM_BYTES = 16;
const LENGTH_BYTES = 4;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/** The other side is no member of this cluster, or went away. */
export class StreamFailure extends Error {
  readonly isForeign: boolean;

  constructor(message: string, isForeign = false) {
    super(message);
    this.isForeign = isForeign;
  }
}

export interface StreamParty {
  readonly ownId: string;
  readonly domain: string;
  /** The cluster's keys; who opens the stream uses the first, who accepts it finds out which one that was. */
  readonly keys: readonly Buffer[];
}

interface Keys {
  readonly sending: KeyObject;
  readonly receiving: KeyObject;
}

export class SealedStream {
  /** The id that the other side gave; true as soon as its first frame has been read. */
  readonly peerId: string;
  readonly #stream: Duplex;
  #keys: readonly Keys[];
  #sent = 0;
  #received = 0;

  constructor(stream: Duplex, peerId: string, keys: readonly Keys[]) {
    this.#stream = stream;
    this.peerId = peerId;
    this.#keys = keys;
  }

  /** Resolves when there is room for more. @throws StreamFailure. */
  async write(plain: Buffer): Promise<void> {
    if (this.#stream.destroyed) throw new StreamFailure("the stream is closed");
    const [keys] = this.#keys;
    if (!keys) throw new StreamFailure("there is no key");
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(plain.length + TAG_BYTES);
    const cipher = createCipheriv(CIPHER, keys.sending, nonceOf(this.#sent));
    this.#sent += 1;
    cipher.setAAD(length);
    this.#stream.cork();
    for (const part of [length, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
      this.#stream.write(part);
    this.#stream.uncork();
    if (this.#stream.writableNeedDrain) await settled(this.#stream, "drain");
  }

  /** The next frame; undefined when the other side has ended. `bytesMax`: of its content. @throws StreamFailure. */
  async read(bytesMax: number = FRAME_BYTES_MAX): Promise<Buffer | undefined> {
    const head = await exactly(this.#stream, LENGTH_BYTES);
    if (!head) return undefined;
    const bytes = head.readUInt32BE();
    if (bytes < TAG_BYTES || bytes > bytesMax + TAG_BYTES)
      throw new StreamFailure(`a frame of ${bytes} bytes`, this.#received === 0);
    const sealed = await exactly(this.#stream, bytes);
    if (!sealed) throw new StreamFailure("the stream ended in the middle of a frame");
    return this.#open(head, sealed);
  }

  /** Lets what was written go out, then closes. */
  end(): void {
    this.#stream.end();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  #open(head: Buffer, sealed: Buffer): Buffer {
    for (const keys of this.#keys) {
      const plain = decrypt(keys.receiving, this.#received, head, sealed);
      if (!plain) continue;
      this.#received += 1;
      this.#keys = [keys];
      return plain;
    }
    throw new StreamFailure("a frame does not authenticate", this.#received === 0);
  }
}

/** Greets the other side as the one that opened the stream. @throws StreamFailure. */
export async function openStream(stream: Duplex, party: StreamParty): Promise<SealedStream> {
  const own = greetingOf(party);
  stream.write(own);
  const theirs = await readGreeting(stream);
  const primary = party.keys.slice(0, 1);
  const keys = primary.map((key) => deriveKeys(key, own, theirs, party.domain));
  return new SealedStream(
    stream,
    idOf(theirs),
    keys.map(([toServer, toClient]) => ({ sending: toServer, receiving: toClient })),
  );
}

/** Greets the other side as the one that accepted the stream. @throws StreamFailure. */
export async function acceptStream(stream: Duplex, party: StreamParty): Promise<SealedStream> {
  const theirs = await readGreeting(stream);
  const own = greetingOf(party);
  stream.write(own);
  const keys = party.keys.map((key) => deriveKeys(key, theirs, own, party.domain));
  return new SealedStream(
    stream,
    idOf(theirs),
    keys.map(([toServer, toClient]) => ({ sending: toClient, receiving: toServer })),
  );
}

function greetingOf({ ownId }: StreamParty): Buffer {
  const id = Buffer.from(ownId.replaceAll("-", ""), "hex");
  return Buffer.concat([MAGIC, id, randomBytes(RANDOM_BYTES)]);
}

async function readGreeting(stream: Duplex): Promise<Buffer> {
  const magic = await exactly(stream, MAGIC.length);
  if (!magic) throw new StreamFailure("the other side closed without a word");
  // Strangers are known by their first bytes, and not waited for.
  if (!magic.equals(MAGIC)) throw new StreamFailure("the other side is no member", true);
  const rest = await exactly(stream, ID_BYTES + RANDOM_BYTES);
  if (!rest) throw new StreamFailure("the other side closed too early");
  return Buffer.concat([magic, rest]);
}

function idOf(greeting: Buffer): string {
  return formatUuid(greeting.subarray(MAGIC.length, MAGIC.length + ID_BYTES));
}

/** The keys of both directions: client to server, server to client. */
function deriveKeys(
  groupKey: Buffer,
  client: Buffer,
  server: Buffer,
  domain: string,
): readonly [KeyObject, KeyObject] {
  const info = Buffer.from(`bascule stream ${domain}`, "utf8");
  const salt = Buffer.concat([client, server]);
  const bytes = Buffer.from(hkdfSync("sha256", groupKey, salt, info, 2 * KEY_BYTES));
  return [
    createSecretKey(bytes.subarray(0, KEY_BYTES)),
    createSecretKey(bytes.subarray(KEY_BYTES)),
  ];
}

function decrypt(
  key: KeyObject,
  counter: number,
  head: Buffer,
  sealed: Buffer,
): Buffer | undefined {
  const decipher = createDecipheriv(CIPHER, key, nonceOf(counter), { authTagLength: TAG_BYTES });
  decipher.setAAD(head);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const content = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
  try {
    return Buffer.concat([content, decipher.final()]);
  } catch {
    return undefined;
  }
}

function nonceOf(counter: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(counter), 4);
  return nonce;
}

/** The next `count` bytes; undefined when the stream has ended before the first of them. */
async function exactly(stream: Duplex, count: number): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let missing = count;
  for (;;) {
    // What is there is taken at once: while something is left, "readable" comes again without end and nothing else does.
    const chunk: unknown = stream.read(Math.min(missing, Math.max(1, stream.readableLength)));
    if (Buffer.isBuffer(chunk)) {
      pieces.push(chunk);
      missing -= chunk.length;
      if (missing === 0) return pieces.length === 1 ? chunk : Buffer.concat(pieces);
      continue;
    }
    if (stream.readableEnded && pieces.length > 0)
      throw new StreamFailure("the stream ended too early");
    if (stream.readableEnded) return undefined;
    if (stream.destroyed) throw new StreamFailure("the stream was closed");
    await settled(stream, "readable");
  }
}

/** Waits for an event, or for the end of the stream in any way. */
async function settled(stream: Duplex, event: "readable" | "drain"): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  const ended = ["end", "close"].map((name) => once(stream, name, { signal }));
  try {
    await Promise.race([once(stream, event, { signal }), ...ended]);
  } catch (error) {
    throw new StreamFailure(`the stream failed: ${String(error)}`);
  } finally {
    over.abort();
    for (const promise of ended) promise.catch(() => {});
  }
}
