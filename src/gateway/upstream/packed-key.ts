/**
 * The key that a table is asked for, as words: UTF-8, padded with zeros, with its hash. Made of text once for each request,
 * of a message without any text, and used again for the next key. The hash is multilinear (Carter and Wegman 1979; Thorup,
 * "High Speed Hashing for Integers and Strings", 3.3): two different keys share 16 of its bits by a chance of 1 to 65536
 * and all by about 1 to 2 ** 32 whoever chose them, as long as the factors are secret.
 */
import type { KeyBytes } from "../../cluster/key-bytes.ts";

/** Longest key, in bytes; each takes so many in a table. */
export const SLOT_KEY_BYTES = 40;
export const SLOT_KEY_WORDS = SLOT_KEY_BYTES / 4;

/** Of each of the two sums one factor for the length and two for the halves of each word. */
const FACTORS = 2 * (1 + 2 * SLOT_KEY_WORDS);
const HALF = 0xffff;
/** Quicker for short texts than Buffer and than a loop over the characters of a slice of a request's head. */
const ENCODER = new TextEncoder();

export class PackedKey {
  /** The bytes of the key, lowest first, and zeros behind them. */
  readonly words = new Int32Array(SLOT_KEY_WORDS);
  readonly #factors: Int32Array;
  readonly #written = new Uint8Array(SLOT_KEY_BYTES);
  readonly #writtenView = new DataView(this.#written.buffer);
  #text: string | undefined;
  #length = 0;
  #hash = 0;

  /** @param random makes the factors, which nobody else should know: 0 <= value < 1. */
  constructor(random: () => number) {
    const factor = (): number => Math.floor(random() * 2 ** 32) | 0;
    this.#factors = Int32Array.from({ length: FACTORS }, factor);
  }

  /** Bytes of the key; 0: the last one did not fit. */
  get length(): number {
    return this.#length;
  }

  get hash(): number {
    return this.#hash;
  }

  /** Means this key from now on. False: it is empty or longer than SLOT_KEY_BYTES, and none is meant. */
  take(key: string | KeyBytes): boolean {
    return typeof key === "string" ? this.#takeText(key) : this.#takeBytes(key);
  }

  #takeText(text: string): boolean {
    // A key is looked up, compared and written in a row.
    if (text === this.#text) return this.#length > 0;
    this.#text = text;
    const { read, written } = ENCODER.encodeInto(text, this.#written);
    return this.#pack(this.#writtenView, 0, read === text.length ? written : 0);
  }

  #takeBytes({ view, start, length }: KeyBytes): boolean {
    this.#text = undefined;
    return this.#pack(view, start, length);
  }

  /** Fills words and hash in one go. Words of zeros behind the key add nothing to the hash. */
  #pack(view: DataView, start: number, length: number): boolean {
    const fits = length <= SLOT_KEY_BYTES;
    this.#length = fits ? length : 0;
    if (!fits || length === 0) return false;
    const words = this.words;
    const factors = this.#factors;
    let low = Math.imul(factors[0] ?? 0, length);
    let high = Math.imul(factors[1] ?? 0, length);
    let factor = 2;
    for (let at = 0; at < SLOT_KEY_BYTES; at += 4) {
      const word =
        at + 4 <= length ? view.getInt32(start + at, true) : tailOf(view, start, at, length);
      words[at >> 2] = word;
      const first = word & HALF;
      const second = word >>> 16;
      low += Math.imul(factors[factor] ?? 0, first) + Math.imul(factors[factor + 1] ?? 0, second);
      high +=
        Math.imul(factors[factor + 2] ?? 0, first) + Math.imul(factors[factor + 3] ?? 0, second);
      low |= 0;
      high |= 0;
      factor += 4;
    }
    // Only the upper halves of the sums depend on all bits of the key.
    this.#hash = (low >>> 16) | (high & ~HALF);
    return true;
  }
}

/** The last one to three bytes of a key as a word; 0 behind its end. */
function tailOf(view: DataView, start: number, at: number, length: number): number {
  let word = 0;
  for (let index = at; index < length; index++)
    word |= view.getUint8(start + index) << (8 * (index - at));
  return word;
}
