/**
 * Writes the compact binary messages that replicated maps and leases send to their peers: whole numbers of as few bytes
 * as they need, texts with their length before them. `ByteReader` reads the same fields in the same order.
 */
import type { KeyBytes } from "./key-bytes.ts";

const SIZE_MIN = 256;
const WHOLE_BYTES_MAX = 8;
/** Up to here numbers are taken apart with 32-bit operations. */
const WORD_MAX = 0x7fff_ffff;
const SHORT = 0x7f;

export class ByteWriter {
  #bytes: Buffer;
  #length = 0;

  /** `size`: bytes that are probably written. */
  constructor(size: number = SIZE_MIN) {
    this.#bytes = Buffer.allocUnsafe(size);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** A whole number from 0 to 2 ** 53 - 1; seven bits a byte, lowest first. */
  whole(value: number): this {
    this.#reserve(WHOLE_BYTES_MAX);
    let rest = value;
    for (; rest > WORD_MAX; rest = Math.floor(rest / 0x80)) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
    }
    for (; rest > 0x7f; rest >>>= 7) this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
    this.#bytes[this.#length++] = rest;
    return this;
  }

  /** Text of any length, as UTF-8. */
  text(value: string): this {
    return value.length <= SHORT && this.#shortAscii(value) ? this : this.#anyText(value);
  }

  /** Short ASCII, which keys and values mostly are, without a call out of JavaScript; false: it is something else. */
  #shortAscii(value: string): boolean {
    this.#reserve(SHORT + 1);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = value.length;
    for (let index = 0; index < value.length; index += 1) {
      const unit = value.charCodeAt(index);
      if (unit > 0x7f) return false;
      bytes[at++] = unit;
    }
    this.#length = at;
    return true;
  }

  #anyText(value: string): this {
    const bytes = Buffer.byteLength(value);
    this.whole(bytes);
    this.#reserve(bytes);
    this.#bytes.write(value, this.#length, "utf8");
    this.#length += bytes;
    return this;
  }

  /** Text whose UTF-8 stands elsewhere. */
  textBytes(text: KeyBytes): this {
    this.whole(text.length);
    this.#reserve(text.length);
    text.copyTo(this.#bytes, this.#length);
    this.#length += text.length;
    return this;
  }

  /** What was written, which is the caller's from now on: nothing more can be written. */
  finish(): Buffer {
    const written = this.#bytes.subarray(0, this.#length);
    this.#bytes = Buffer.alloc(0);
    this.#length = 0;
    return written;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
