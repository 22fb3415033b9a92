/**
 * How many bytes may go at a moment so that a body keeps to a rate: the first second's worth at once, then with the
 * time (ngx_http_write_filter, ngx_event_pipe). limit_rate measures by it what a client gets, proxy_limit_rate what is
 * taken from a peer. Bodies without a rate have none.
 */
import type { TimerWheel } from "../../net/http1/timer-wheel.ts";

/** What waits goes out at least so many times a second. */
const STEPS_A_SECOND = 4;

export interface PaceRule {
  /** Bytes a second, more than 0. */
  readonly rate: number;
  /** Bytes that are not held back. Default: 0. */
  readonly freeBytes?: number;
}

export class Pace {
  /** Wakes up whoever waits; makes time pass in tests. */
  readonly wheel: TimerWheel;
  readonly #rate: number;
  readonly #freeBytes: number;
  readonly #startedMs: number;
  #takenBytes = 0;

  constructor(wheel: TimerWheel, { rate, freeBytes = 0 }: PaceRule) {
    this.wheel = wheel;
    this.#rate = rate;
    this.#freeBytes = freeBytes;
    this.#startedMs = wheel.nowMs();
  }

  /** Takes the bytes that may go now, `wanted` at most; 0: wait for `waitMs`. */
  take(wanted: number): number {
    const seconds = (this.wheel.nowMs() - this.#startedMs) / 1000;
    const allowed = this.#freeBytes + Math.floor(this.#rate * (seconds + 1));
    const taken = Math.max(0, Math.min(wanted, allowed - this.#takenBytes));
    this.#takenBytes += taken;
    return taken;
  }

  /** Milliseconds until a part of `waiting` bytes that is worth a write may go. */
  waitMs(waiting: number): number {
    const bytes = Math.min(waiting, this.#rate / STEPS_A_SECOND);
    return Math.max(1, Math.ceil((bytes * 1000) / this.#rate));
  }
}
