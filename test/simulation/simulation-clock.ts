/**
 * A Clock for long simulations: due timers come from a heap, so that a day of ten nodes takes minutes. Equal times fire in the
 * order of making. Timers can belong to somebody who is paused: they fire when it goes on.
 */
import type { Clock, Timer } from "../../src/runtime/clock.ts";

interface Due {
  atMs: number;
  order: number;
  action: (() => void) | undefined;
}

export class SimulationClock implements Clock {
  #nowMs = 0;
  #made = 0;
  readonly #heap: Due[] = [];

  wallMs(): number {
    return 1_795_000_000_000 + this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, action: () => void): Timer {
    const due: Due = { atMs: this.#nowMs + Math.max(0, delayMs), order: (this.#made += 1), action };
    this.#push(due);
    return { cancel: () => void (due.action = undefined) };
  }

  every(intervalMs: number, action: () => void): Timer {
    const due: Due = {
      atMs: this.#nowMs + intervalMs,
      order: (this.#made += 1),
      action: undefined,
    };
    const repeat = (): void => {
      due.atMs = this.#nowMs + intervalMs;
      due.order = this.#made += 1;
      due.action = repeat;
      this.#push(due);
      action();
    };
    due.action = repeat;
    this.#push(due);
    return { cancel: () => void (due.action = undefined) };
  }

  /** Moves time by `ms` and calls what comes due on the way. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let first = this.#heap[0]; first && first.atMs <= endMs; first = this.#heap[0]) {
      this.#pop();
      this.#nowMs = Math.max(this.#nowMs, first.atMs);
      const { action } = first;
      first.action = undefined;
      action?.();
    }
    this.#nowMs = endMs;
  }

  /** As `advance`, letting promises run after each step of `stepMs`: for what waits for promises. */
  async advanceAsync(ms: number, stepMs = 10): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      this.advance(Math.min(stepMs, left));
      await new Promise<void>((resolve) => void setImmediate(resolve));
    }
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(due);
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt];
      if (!parent || !isBefore(due, parent)) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = due;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let childAt = 2 * at + 1;
      let child = heap[childAt];
      const right = heap[childAt + 1];
      if (child && right && isBefore(right, child)) {
        child = right;
        childAt += 1;
      }
      if (!child || !isBefore(child, last)) break;
      heap[at] = child;
      at = childAt;
    }
    heap[at] = last;
  }
}

function isBefore(one: Due, other: Due): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
