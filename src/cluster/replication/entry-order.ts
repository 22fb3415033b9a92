/**
 * The order of writes: versions and the hybrid logical counter that makes them (Kulkarni et al., "Logical Physical
 * Clocks", in one number). A wall clock that is wrong makes no write disappear that comes after one that was seen.
 */
import type { Clock } from "../../runtime/clock.ts";
import type { EntryVersion } from "../replicated-map.ts";

/** Steps of the counter in a millisecond of the wall clock: 1024 writes a millisecond before it runs ahead. */
const STEPS = 1024;

/** How far the wall clock alone may take the counter; the year 2100. A clock beyond it counts one by one. */
const WALL_MAX = Date.UTC(2100, 0) * STEPS;

/** Largest counter that is accepted from others. */
export const COUNTER_MAX = 2 ** 52;

/** Negative: `left` is the older one. 0: the same write. */
export function compareVersions(left: EntryVersion, right: EntryVersion): number {
  if (left.counter !== right.counter) return left.counter - right.counter;
  return left.writer < right.writer ? -1 : Number(left.writer > right.writer);
}

export class HybridCounter {
  readonly #clock: Clock;
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Greater than every counter that was made or seen here. */
  next(): number {
    const wall = Math.floor(this.#clock.wallMs()) * STEPS;
    this.#last = Math.max(this.#last + 1, Math.min(wall, WALL_MAX));
    return this.#last;
  }

  /** Takes note of another writer's counter. */
  observe(counter: number): void {
    if (counter > this.#last) this.#last = counter;
  }
}
