/**
 * Things that come and go many times a second: requests in progress, connections. Slots that are used again and again
 * instead of a Set: a Set under such churn leaves a chain of old tables behind, which keeps what was in it
 * for seconds alive and makes every collection of garbage slow.
 */
export class Slots<Item extends object> {
  readonly #items: (Item | undefined)[] = [];
  readonly #free: number[] = [];

  get count(): number {
    return this.#items.length - this.#free.length;
  }

  /** @returns the slot, for `remove`. */
  add(item: Item): number {
    const slot = this.#free.pop() ?? this.#items.length;
    this.#items[slot] = item;
    return slot;
  }

  /** Once for each slot that `add` gave. */
  remove(slot: number): void {
    this.#items[slot] = undefined;
    this.#free.push(slot);
  }

  forEach(action: (item: Item) => void): void {
    for (const item of this.#items) if (item) action(item);
  }
}
