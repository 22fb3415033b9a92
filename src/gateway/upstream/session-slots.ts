/**
 * Numbered slots for short keys, found by hash and kept in the order of their last use, all in typed arrays: about 30
 * bytes a slot beside the key, nothing for the garbage collector to walk. What belongs to a key stands in arrays
 * of the owner (shared-session-store.ts) under the same number.
 */

/** Longest key, in bytes; each takes so many. */
export const SLOT_KEY_BYTES = 40;
/** No slot. */
export const NONE = -1;

export class SessionSlots {
  /** How many keys there is room for. */
  readonly capacity: number;
  readonly #keys: Uint8Array;
  readonly #keyLengths: Uint8Array;
  readonly #hashes: Int32Array;
  /** First slot of each chain; the length is a power of two. */
  readonly #buckets: Int32Array;
  /** The next slot of the chain; of a free slot: the next free one. */
  readonly #next: Int32Array;
  readonly #older: Int32Array;
  readonly #newer: Int32Array;
  readonly #seed: number;
  #oldest = NONE;
  #newest = NONE;
  #firstFree = NONE;
  /** Slots from here on were never used: their memory is not touched before. */
  #untouched = 0;
  #count = 0;
  #hashedKey = "";
  #hash = 0;

  /** @param seed makes the places of keys unforeseeable to whoever chooses keys. */
  constructor(capacity: number, seed: number) {
    this.capacity = capacity;
    this.#seed = seed | 0;
    this.#keys = new Uint8Array(capacity * SLOT_KEY_BYTES);
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

  /** Whether the text can be a key: 1 to SLOT_KEY_BYTES characters of one byte each. */
  static fits(key: string): boolean {
    if (key.length === 0 || key.length > SLOT_KEY_BYTES) return false;
    for (let index = 0; index < key.length; index++) if (key.charCodeAt(index) > 0xff) return false;
    return true;
  }

  /** The slot of a key, or NONE. */
  find(key: string): number {
    const hash = this.#hashOf(key);
    let slot = this.#buckets[hash & (this.#buckets.length - 1)] ?? NONE;
    while (slot !== NONE && !(this.#hashes[slot] === hash && this.#holds(slot, key))) {
      slot = this.#next[slot] ?? NONE;
    }
    return slot;
  }

  /** A slot for a key that has none and fits; the newest from now on. NONE: all are in use. */
  add(key: string): number {
    const slot = this.#takeFree();
    if (slot === NONE) return NONE;
    const hash = this.#hashOf(key);
    const bucket = hash & (this.#buckets.length - 1);
    const start = slot * SLOT_KEY_BYTES;
    for (let index = 0; index < key.length; index++) {
      this.#keys[start + index] = key.charCodeAt(index);
    }
    this.#keyLengths[slot] = key.length;
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
    const length = this.#keyLengths[slot] ?? 0;
    return Buffer.from(this.#keys.buffer, start, length).toString("latin1");
  }

  #takeFree(): number {
    const slot = this.#firstFree;
    if (slot === NONE) return this.#untouched < this.capacity ? this.#untouched++ : NONE;
    this.#firstFree = this.#next[slot] ?? NONE;
    return slot;
  }

  /** FNV-1a from the seed, with the last step of MurmurHash3, so that low bits depend on all. */
  #hashOf(key: string): number {
    // A key is looked up, compared and added in a row.
    if (key === this.#hashedKey) return this.#hash;
    this.#hashedKey = key;
    this.#hash = this.#mix(key);
    return this.#hash;
  }

  #mix(key: string): number {
    let hash = this.#seed ^ 0x811c9dc5;
    for (let index = 0; index < key.length; index++) {
      hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return hash ^ (hash >>> 16);
  }

  #holds(slot: number, key: string): boolean {
    if (this.#keyLengths[slot] !== key.length) return false;
    const start = slot * SLOT_KEY_BYTES;
    for (let index = 0; index < key.length; index++) {
      if (this.#keys[start + index] !== key.charCodeAt(index)) return false;
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
