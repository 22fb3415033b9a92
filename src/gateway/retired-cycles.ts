/**
 * The cycles that a reload has replaced: each ends with its last request, or when its own
 * `worker_shutdown_timeout` is over, whatever comes first (ngx_set_shutdown_timer). Used by the gateway.
 */
import type { Clock, Timer } from "../runtime/clock.ts";
import type { Cycle } from "./cycle.ts";

export class RetiredCycles {
  readonly #clock: Clock;
  readonly #cycles = new Set<Cycle>();
  readonly #timers = new Set<Timer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Cycles with requests in progress. */
  get count(): number {
    return this.#cycles.size;
  }

  /** Retires the cycle; its requests that are too late are cut off. Resolves when the last one is over. */
  async drain(cycle: Cycle): Promise<void> {
    this.#cycles.add(cycle);
    cycle.retire();
    const cancel = this.after(cycle.config.workerShutdownTimeoutMs, () => cycle.cutOff());
    await cycle.done;
    cancel();
    this.#cycles.delete(cycle);
  }

  /** Resolves when no cycle has a request in progress. */
  async done(): Promise<void> {
    await Promise.all([...this.#cycles].map((cycle) => cycle.done));
  }

  /** Calls `action` when the time is over, unless `close` comes first. 0: never. @returns takes it back. */
  after(timeoutMs: number, action: () => void): () => void {
    if (timeoutMs === 0) return () => {};
    const timer = this.#clock.after(timeoutMs, () => {
      this.#timers.delete(timer);
      action();
    });
    this.#timers.add(timer);
    return () => {
      timer.cancel();
      this.#timers.delete(timer);
    };
  }

  /** Cuts off all requests, and takes back what is still to come. */
  close(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    for (const cycle of this.#cycles) cycle.cutOff();
  }
}
