/**
 * The exchanges of requests in progress. Slots that are used again and again instead of a Set: a Set under such
 * churn leaves a chain of old tables behind, which keeps the requests of seconds alive and makes every
 * collection of garbage slow.
 */
import type { Exchange } from "./http/exchange.ts";

export class ActiveExchanges {
  readonly #slots: (Exchange | undefined)[] = [];
  readonly #free: number[] = [];

  get count(): number {
    return this.#slots.length - this.#free.length;
  }

  /** @returns the slot, for `remove`. */
  add(exchange: Exchange): number {
    const slot = this.#free.pop() ?? this.#slots.length;
    this.#slots[slot] = exchange;
    return slot;
  }

  /** Once for each slot that `add` gave. */
  remove(slot: number): void {
    this.#slots[slot] = undefined;
    this.#free.push(slot);
  }

  forEach(action: (exchange: Exchange) => void): void {
    for (const exchange of this.#slots) if (exchange) action(exchange);
  }
}
