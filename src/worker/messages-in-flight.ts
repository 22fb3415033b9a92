/**
 * How many messages a worker has in progress on all its service ports, with a bound: beyond it clients are told to come
 * again, before memory and back ends are full of requests that nobody can answer in time.
 */

/** Where nothing is configured. Higher takes more memory under overload, lower refuses earlier. */
export const MESSAGES_IN_FLIGHT_MAX = 5_000;

export class MessagesInFlight {
  readonly max: number;
  #count = 0;

  constructor(max = MESSAGES_IN_FLIGHT_MAX) {
    this.max = max;
  }

  get count(): number {
    return this.#count;
  }

  /** @returns false: there is no room; otherwise `leave` must be called once. */
  enter(): boolean {
    if (this.#count >= this.max) return false;
    this.#count++;
    return true;
  }

  leave(): void {
    this.#count--;
  }
}
