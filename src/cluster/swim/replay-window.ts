/**
 * Drops datagrams of one sender that came before: a sliding window over its counter, as IPsec does it
 * (RFC 4303, section 3.4.3). Reordering within the window is accepted, older counters are not.
 */

/** Counters looked back. A sender numbers the datagrams to all members in one row, hence so many; 8 bytes each. */
const WINDOW = 1024;

export class ReplayWindow {
  #highest = 0;
  readonly #seen = new Float64Array(WINDOW);

  /** True the first time that a counter comes; counters start at 1 and are below 2^53. */
  accept(counter: number): boolean {
    if (!Number.isSafeInteger(counter) || counter < 1) return false;
    if (counter <= this.#highest - WINDOW) return false;
    if (this.#seen[counter % WINDOW] === counter) return false;
    this.#seen[counter % WINDOW] = counter;
    if (counter > this.#highest) this.#highest = counter;
    return true;
  }
}
