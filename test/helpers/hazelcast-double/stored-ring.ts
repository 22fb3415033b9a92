/** One ringbuffer of the double: what a reliable topic is made of. Readers wait for what is not there yet. */

/** The server's default capacity. */
const CAPACITY = 10_000;

export interface RingPage {
  readonly items: readonly Buffer[];
  readonly nextSequence: number;
}

export class StoredRing {
  readonly #items: Buffer[] = [];
  #headSequence = 0;
  #waiting: {
    readonly from: number;
    readonly max: number;
    readonly give: (page: RingPage) => void;
  }[] = [];

  /** Sequence number of the newest item; -1: none. */
  get tail(): number {
    return this.#headSequence + this.#items.length - 1;
  }

  add(item: Buffer): number {
    this.#items.push(item);
    if (this.#items.length > CAPACITY) {
      this.#items.shift();
      this.#headSequence += 1;
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { from, max, give } of waiting) this.read(from, max, give);
    return this.tail;
  }

  /** Calls `give` once there is at least one item. False: no such sequence number can come next. */
  read(from: number, max: number, give: (page: RingPage) => void): boolean {
    if (from > this.tail + 1) return false;
    if (from === this.tail + 1) this.#waiting.push({ from, max, give });
    else {
      const start = Math.max(0, from - this.#headSequence);
      const items = this.#items.slice(start, start + max);
      give({ items, nextSequence: this.#headSequence + start + items.length });
    }
    return true;
  }
}
