/**
 * Strict reading of the messages that `ByteWriter` writes: every field has bounds, and a message that breaks them, ends
 * too soon or goes on after its end is refused as a whole.
 */
import { type KeyBytes, viewOf } from "./key-bytes.ts";

/** A message of a peer that does not have the agreed form. Caught where messages come in. */
export class MalformedBytes extends Error {}

const WHOLE_BYTES_MAX = 8;
/** Bytes of a number, and the bits in them, that 32-bit operations put together. */
const SMALL_BYTES = 4;
const SMALL_BITS = 28;

export class ByteReader {
  readonly #bytes: Buffer;
  #view: DataView | undefined;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** How many bytes were read. */
  get position(): number {
    return this.#at;
  }

  /** Whether all was read. */
  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Reads on from a position that was reached before. */
  returnTo(position: number): void {
    this.#at = position;
  }

  /** A whole number from 0 to `max`, which is below 2 ** 53. */
  whole(what: string, max: number): number {
    const byte = this.#bytes[this.#at] ?? 0x80;
    if (byte >= 0x80) return checked(what, this.#long(what), max);
    this.#at += 1;
    return checked(what, byte, max);
  }

  /** Text of at most `bytesMax` bytes of UTF-8. */
  text(what: string, bytesMax: number): string {
    const start = this.#skip(what, bytesMax);
    return this.#bytes.toString("utf8", start, this.#at);
  }

  /** As `text`, but leaves the bytes where they are: `into` means them from now on. They must be UTF-8. */
  textBytes(what: string, bytesMax: number, into: KeyBytes): void {
    const start = this.#skip(what, bytesMax);
    this.#view ??= viewOf(this.#bytes);
    into.set(this.#bytes, this.#view, start, this.#at - start);
    if (!into.isText) throw new MalformedBytes(`${what} is no UTF-8`);
  }

  /** @throws MalformedBytes when something follows. */
  end(): void {
    if (!this.isAtEnd) throw new MalformedBytes("something follows the end of the message");
  }

  /** Passes over a length and so many bytes. @returns where the bytes begin. */
  #skip(what: string, bytesMax: number): number {
    const length = this.whole(what, Number.MAX_SAFE_INTEGER);
    const start = this.#at;
    if (length > bytesMax) throw new MalformedBytes(`${what} is longer than ${bytesMax} bytes`);
    if (start + length > this.#bytes.length) throw new MalformedBytes(`${what} is cut off`);
    this.#at = start + length;
    return start;
  }

  /** A number of more than one byte. */
  #long(what: string): number {
    const bytes = this.#bytes;
    let at = this.#at;
    let value = 0;
    let weight = 2 ** SMALL_BITS;
    for (let read = 0; read < WHOLE_BYTES_MAX; read += 1) {
      const byte = bytes[at++];
      if (byte === undefined) throw new MalformedBytes(`${what} is cut off`);
      if (read < SMALL_BYTES) value |= (byte & 0x7f) << (7 * read);
      else {
        value += (byte & 0x7f) * weight;
        weight *= 0x80;
      }
      if (byte >= 0x80) continue;
      this.#at = at;
      return value;
    }
    throw new MalformedBytes(`${what} is longer than a number`);
  }
}

function checked(what: string, value: number, max: number): number {
  if (value > max) throw new MalformedBytes(`${what} is greater than ${max}`);
  return value;
}
