/**
 * A Clock that tests own: time moves only by `advance`, and due timers fire in order of their due time
 * (equal times in order of making), so that a test of time-outs takes no time and has one outcome.
 */
import type { Clock, Timer } from "../../src/runtime/clock.ts";

interface Pending {
  dueMs: number;
  readonly order: number;
  readonly action: () => void;
  /** Undefined: fires once. */
  readonly intervalMs: number | undefined;
}

export class FakeClock implements Clock {
  /** Added to the monotonic time; a test may change it to let the wall clock jump. */
  wallStartMs: number;
  #nowMs = 0;
  #made = 0;
  readonly #pending = new Set<Pending>();

  /** `wallStartMs` is the wall time at monotonic 0. Default: 2026-11-21T00:00:00Z. */
  constructor(wallStartMs: number = Date.UTC(2026, 10, 21)) {
    this.wallStartMs = wallStartMs;
  }

  wallMs(): number {
    return this.wallStartMs + this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, action: () => void): Timer {
    return this.#add(delayMs, action, undefined);
  }

  every(intervalMs: number, action: () => void): Timer {
    return this.#add(Math.max(1, intervalMs), action, Math.max(1, intervalMs));
  }

  /** How many timers wait; 0 after everything under test was closed. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Moves time by `ms` and calls what comes due on the way, new timers included. Promises are not awaited. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let due = this.#next(endMs); due; due = this.#next(endMs)) this.#fire(due);
    this.#nowMs = endMs;
  }

  /**
   * As `advance`, in steps of `stepMs`, letting promises and immediates run after each step: for code
   * that awaits between its timers. Default step: 10 ms.
   */
  async advanceAsync(ms: number, stepMs = 10): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      this.advance(Math.min(stepMs, left));
      await new Promise<void>((resolve) => void setImmediate(resolve));
    }
  }

  #add(delayMs: number, action: () => void, intervalMs: number | undefined): Timer {
    const dueMs = this.#nowMs + Math.max(0, delayMs);
    const pending: Pending = { dueMs, order: (this.#made += 1), action, intervalMs };
    this.#pending.add(pending);
    return { cancel: () => void this.#pending.delete(pending) };
  }

  #next(endMs: number): Pending | undefined {
    let first: Pending | undefined;
    for (const pending of this.#pending) {
      if (pending.dueMs > endMs) continue;
      const sooner = !first || pending.dueMs < first.dueMs;
      if (sooner || (first?.dueMs === pending.dueMs && pending.order < first.order))
        first = pending;
    }
    return first;
  }

  #fire(pending: Pending): void {
    this.#nowMs = pending.dueMs;
    if (pending.intervalMs === undefined) this.#pending.delete(pending);
    else pending.dueMs += pending.intervalMs;
    pending.action();
  }
}
