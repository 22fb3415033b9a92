/**
 * Numbered slots for short keys, found by hash and kept in the order of their last use, all in typed arrays: about 30
 * bytes a slot beside the key, nothing for the garbage collector to walk. What belongs to a key stands in arrays
 * of the owner (shared-session-store.ts) under the same number.
 */
import { type KeyBytes, viewOf } from "../../cluster/key-bytes.ts";
import { PackedKey, SLOT_KEY_BYTES, SLOT_KEY_WORDS } from "./packed-key.ts";

/** No slot. */
export const NONE = -1;

export class SessionSlots {
  /** The key that `find` and `add` are called for: it takes a key first, and is this table's alone. */
  readonly key: PackedKey;
  /** How many keys there is room for. */
  readonly capacity: number;
  readonly #keys: Buffer;
  readonly #keyWords: DataView;
  readonly #keyLengths: Uint8Array;
  readonly #hashes: Int32Array;
  /** First slot of each chain; the length is a power of two. */
  readonly #buckets: Int32Array;
  /** The next slot of the chain; of a free slot: the next free one. */
  readonly #next: Int32Array;
  readonly #older: Int32Array;
  readonly #newer: Int32Array;
  #oldest = NONE;
  #newest = NONE;
  #firstFree = NONE;
  /** Slots from here on were never used: their memory is not touched before. */
  #untouched = 0;
  #count = 0;

  /** @param random makes the places of keys unforeseeable to whoever chooses keys: 0 <= value < 1. */
  constructor(capacity: number, random: () => number) {
    this.capacity = capacity;
    this.key = new PackedKey(random);
    this.#keys = Buffer.from(new ArrayBuffer(capacity * SLOT_KEY_BYTES));
    this.#keyWords = viewOf(this.#keys);
    this.#keyLengths = new Uint8Array(capacity);
    this.#hashes = new Int32Array(capacity);
    this.#buckets = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(2, capacity)))).fill(NONE);
    this.#next = new Int32Array(capacity);
    this.#older = new Int32Array(capacity);
    this.#newer = new Int32Array(capacity);
  }

  get count(): number {
    return this.#count;
  }

  /** The slot whose last use is longest ago, or NONE. */
  get oldest(): number {
    return this.#oldest;
  }

  /** The slot that was used next after this one, or NONE. */
  newerThan(slot: number): number {
    return this.#newer[slot] ?? NONE;
  }

  /** Slots are numbered from 0 to below this; some of them may be free. */
  get end(): number {
    return this.#untouched;
  }

  isUsed(slot: number): boolean {
    return this.#keyLengths[slot] !== 0;
  }

  /** The slot of `key`, or NONE. */
  find(): number {
    const { hash } = this.key;
    let slot = this.#buckets[hash & (this.#buckets.length - 1)] ?? NONE;
    while (slot !== NONE && !(this.#hashes[slot] === hash && this.#holdsKey(slot))) {
      slot = this.#next[slot] ?? NONE;
    }
    return slot;
  }

  /** A slot for `key`, which has none; the newest from now on. NONE: all are in use. */
  add(): number {
    const slot = this.#takeFree();
    if (slot === NONE) return NONE;
    const { hash, words, length } = this.key;
    const bucket = hash & (this.#buckets.length - 1);
    const start = slot * SLOT_KEY_BYTES;
    for (let word = 0; word < SLOT_KEY_WORDS; word++) {
      this.#keyWords.setInt32(start + 4 * word, words[word] ?? 0, true);
    }
    this.#keyLengths[slot] = length;
    this.#hashes[slot] = hash;
    this.#next[slot] = this.#buckets[bucket] ?? NONE;
    this.#buckets[bucket] = slot;
    this.#append(slot);
    this.#count++;
    return slot;
  }

  remove(slot: number): void {
    this.#unchain(slot);
    this.#detach(slot);
    this.#keyLengths[slot] = 0;
    this.#next[slot] = this.#firstFree;
    this.#firstFree = slot;
    this.#count--;
  }

  /** The slot is the newest from now on. */
  use(slot: number): void {
    if (slot === this.#newest) return;
    this.#detach(slot);
    this.#append(slot);
  }

  keyOf(slot: number): string {
    const start = slot * SLOT_KEY_BYTES;
    return this.#keys.toString("utf8", start, start + (this.#keyLengths[slot] ?? 0));
  }

  /** `into` means the key where it stands in this table: valid until the slot is removed. */
  showKey(slot: number, into: KeyBytes): void {
    const length = this.#keyLengths[slot] ?? 0;
    into.set(this.#keys, this.#keyWords, slot * SLOT_KEY_BYTES, length);
  }

  #takeFree(): number {
    const slot = this.#firstFree;
    if (slot === NONE) return this.#untouched < this.capacity ? this.#untouched++ : NONE;
    this.#firstFree = this.#next[slot] ?? NONE;
    return slot;
  }

  #holdsKey(slot: number): boolean {
    const { words, length } = this.key;
    if (this.#keyLengths[slot] !== length) return false;
    const start = slot * SLOT_KEY_BYTES;
    for (let word = 0; 4 * word < length; word++) {
      if (this.#keyWords.getInt32(start + 4 * word, true) !== words[word]) return false;
    }
    return true;
  }

  #unchain(slot: number): void {
    const bucket = (this.#hashes[slot] ?? 0) & (this.#buckets.length - 1);
    const after = this.#next[slot] ?? NONE;
    let before = this.#buckets[bucket] ?? NONE;
    if (before === slot) {
      this.#buckets[bucket] = after;
      return;
    }
    while (before !== NONE && this.#next[before] !== slot) before = this.#next[before] ?? NONE;
    if (before !== NONE) this.#next[before] = after;
  }

  #append(slot: number): void {
    this.#older[slot] = this.#newest;
    this.#newer[slot] = NONE;
    if (this.#newest === NONE) this.#oldest = slot;
    else this.#newer[this.#newest] = slot;
    this.#newest = slot;
  }

  #detach(slot: number): void {
    const older = this.#older[slot] ?? NONE;
    const newer = this.#newer[slot] ?? NONE;
    if (older === NONE) this.#oldest = newer;
    else this.#newer[older] = newer;
    if (newer === NONE) this.#newest = older;
    else this.#older[newer] = older;
  }
}
