/** The clock of one simulated process: while the process stands still nothing fires; what was due fires when it goes on. */
import type { Clock, Timer } from "../../src/runtime/clock.ts";

export class PausableClock implements Clock {
  /** Added to the wall time: processes whose wall clocks differ. */
  readonly wallOffsetMs: number;
  readonly #clock: Clock;
  readonly #timers = new Set<Timer>();
  #isPaused = false;
  #isStopped = false;
  #late: (() => void)[] = [];

  constructor(clock: Clock, wallOffsetMs = 0) {
    this.#clock = clock;
    this.wallOffsetMs = wallOffsetMs;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  wallMs(): number {
    return this.#clock.wallMs() + this.wallOffsetMs;
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  after(delayMs: number, action: () => void): Timer {
    return this.#make((fire) => this.#clock.after(delayMs, fire), action);
  }

  every(intervalMs: number, action: () => void): Timer {
    return this.#make((fire) => this.#clock.every(intervalMs, fire), action);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    const late = this.#late;
    this.#late = [];
    for (const action of late) action();
  }

  /** The process is gone: nothing fires any more. */
  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#late = [];
  }

  /** Does it now, or when the process goes on. */
  run(action: () => void): void {
    if (this.#isStopped) return;
    if (this.#isPaused) this.#late.push(action);
    else action();
  }

  #make(start: (fire: () => void) => Timer, action: () => void): Timer {
    if (this.#isStopped) return { cancel: () => {} };
    let isCancelled = false;
    let isLate = false;
    const timer = start(() => {
      if (isLate) return;
      isLate = this.#isPaused;
      this.run(() => {
        isLate = false;
        if (!isCancelled) action();
      });
    });
    this.#timers.add(timer);
    return {
      cancel: () => {
        isCancelled = true;
        this.#timers.delete(timer);
        timer.cancel();
      },
    };
  }
}
