/** Ids of messages that were received: drops duplicates. Bounded; the oldest id is forgotten first. */
import { SEEN_IDS_MAX } from "./swim-timing.ts";

export class SeenIds {
  readonly #ids = new Set<string>();
  readonly #max: number;

  /** `max` default: SEEN_IDS_MAX. A duplicate that comes after so many other messages is taken for new. */
  constructor(max: number = SEEN_IDS_MAX) {
    this.#max = max;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** True the first time that an id comes. */
  add(id: string): boolean {
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    if (this.#ids.size > this.#max) {
      const [oldest] = this.#ids;
      if (oldest !== undefined) this.#ids.delete(oldest);
    }
    return true;
  }
}
