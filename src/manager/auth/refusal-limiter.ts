/**
 * Slows down whoever shows wrong tokens: counts refusals for each address and turns the address away for a while. Only what
 * was refused counts, for many nodes may ask from one address at once, and the tokens are too long to be guessed in
 * parallel. Bounded: the oldest address is forgotten when the table is full.
 */
import { AppError } from "../../errors/app-error.ts";
import type { Clock } from "../../runtime/clock.ts";

/** Refusals of an address within the window. */
export const REFUSALS_MAX = 10;
/** From the first refusal on. */
export const REFUSAL_WINDOW_MS = 60_000;
const ADDRESSES_MAX = 2_000;

interface Refusals {
  count: number;
  readonly firstMs: number;
}

export class RefusalLimiter {
  readonly #clock: Clock;
  readonly #refusals = new Map<string, Refusals>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws AppError LOGIN_LIMITED when the address was refused too often. */
  check(address: string): void {
    const known = this.#known(address);
    if (!known || known.count < REFUSALS_MAX) return;
    const waitS = Math.ceil((known.firstMs + REFUSAL_WINDOW_MS - this.#clock.monotonicMs()) / 1000);
    const message = `too many wrong tokens from ${address}; wait ${waitS} s and try again`;
    throw new AppError("LOGIN_LIMITED", message, { side: "downstream", retryable: true });
  }

  /** Returns whether it is the first one of the window, which is the one to log. */
  refused(address: string): boolean {
    const known = this.#known(address) ?? { count: 0, firstMs: this.#clock.monotonicMs() };
    known.count += 1;
    this.#refusals.set(address, known);
    const oldest = this.#refusals.keys().next().value;
    if (this.#refusals.size > ADDRESSES_MAX && oldest !== undefined) this.#refusals.delete(oldest);
    return known.count === 1;
  }

  #known(address: string): Refusals | undefined {
    const known = this.#refusals.get(address);
    if (known && this.#clock.monotonicMs() - known.firstMs < REFUSAL_WINDOW_MS) return known;
    this.#refusals.delete(address);
    return undefined;
  }
}
