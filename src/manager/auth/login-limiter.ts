/**
 * Slows down guessing: counts failed logins for each pair of address and user name, and refuses further ones for
 * a while. An attempt counts when it begins, so that parallel guesses do not slip through. Bounded:
 * the oldest pair is forgotten when the table is full.
 */
import { AppError } from "../../errors/app-error.ts";
import type { Clock } from "../../runtime/clock.ts";

/** Failed logins that a pair may have within the window. */
export const FAILURES_MAX = 5;
/** From the first failure on. */
export const WINDOW_MS = 5 * 60_000;
const PAIRS_MAX = 2_000;

interface Attempts {
  count: number;
  readonly firstMs: number;
}

export class LoginLimiter {
  readonly #clock: Clock;
  readonly #attempts = new Map<string, Attempts>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts an attempt that is about to be checked. @throws AppError LOGIN_LIMITED when there were too many. */
  begin(address: string, user: string): void {
    const key = keyOf(address, user);
    const nowMs = this.#clock.monotonicMs();
    const known = this.#attempts.get(key);
    const attempts =
      known && nowMs - known.firstMs < WINDOW_MS ? known : { count: 0, firstMs: nowMs };
    if (attempts.count >= FAILURES_MAX) throw limited(attempts.firstMs + WINDOW_MS - nowMs);
    attempts.count += 1;
    this.#attempts.set(key, attempts);
    const oldest = this.#attempts.keys().next().value;
    if (this.#attempts.size > PAIRS_MAX && oldest !== undefined) this.#attempts.delete(oldest);
  }

  /** The login was right: its failures are forgotten. */
  succeed(address: string, user: string): void {
    this.#attempts.delete(keyOf(address, user));
  }
}

function keyOf(address: string, user: string): string {
  return `${address} ${user}`;
}

function limited(waitMs: number): AppError {
  const message = `too many failed logins; wait ${Math.ceil(waitMs / 1000)} s and try again`;
  return new AppError("LOGIN_LIMITED", message, { side: "downstream", retryable: true });
}
