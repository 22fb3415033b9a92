/**
 * Time as an argument: everything that waits or measures takes a Clock, so that tests and
 * simulations own time. Only this file touches the real timers of the process.
 */

/** A pending call; `cancel` is idempotent. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since 1970, may jump; for people and logs only. */
  wallMs(): number;
  /** Milliseconds since some start, never goes back; for every duration and time-out. */
  monotonicMs(): number;
  /** Calls `action` once after `delayMs`. A pending call keeps the process alive. */
  after(delayMs: number, action: () => void): Timer;
  /** Calls `action` every `intervalMs` until cancelled. Does not keep the process alive. */
  every(intervalMs: number, action: () => void): Timer;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, action) {
    const handle = setTimeout(action, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
  every(intervalMs, action) {
    const handle = setInterval(action, intervalMs);
    handle.unref();
    return { cancel: () => clearInterval(handle) };
  },
};

/** Resolves after `delayMs` of `clock`. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  clock.after(delayMs, resolve);
  return promise;
}
