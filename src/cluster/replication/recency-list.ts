/** The slots of a store in the order of their last use: a doubly linked list in two columns of numbers. */
const NONE = -1;
const SLOTS_MIN = 64;

export class RecencyList {
  #before = new Int32Array(SLOTS_MIN).fill(NONE);
  #after = new Int32Array(SLOTS_MIN).fill(NONE);
  #oldest = NONE;
  #newest = NONE;

  /** The slot that was not used for longest; -1: the list is empty. */
  get oldest(): number {
    return this.#oldest;
  }

  /** Puts the slot at the end of the newest, whether it was in the list or not. */
  use(slot: number): void {
    if (slot === this.#newest) return;
    if (slot >= this.#before.length) this.#grow(slot * 2);
    this.remove(slot);
    this.#before[slot] = this.#newest;
    if (this.#newest === NONE) this.#oldest = slot;
    else this.#after[this.#newest] = slot;
    this.#newest = slot;
  }

  /** Takes the slot out; does nothing when it is not in the list. */
  remove(slot: number): void {
    const before = this.#before[slot] ?? NONE;
    const after = this.#after[slot] ?? NONE;
    if (before === NONE && after === NONE && slot !== this.#oldest) return;
    if (before === NONE) this.#oldest = after;
    else this.#after[before] = after;
    if (after === NONE) this.#newest = before;
    else this.#before[after] = before;
    this.#before[slot] = NONE;
    this.#after[slot] = NONE;
  }

  #grow(slots: number): void {
    this.#before = grown(this.#before, slots);
    this.#after = grown(this.#after, slots);
  }
}

function grown(column: Int32Array, slots: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(slots).fill(NONE);
  larger.set(column);
  return larger;
}
