/**
 * Lets a bounded number of asynchronous actions run at a time, the rest wait in order: deploys pass one by
 * one, password hashes a few at a time. A line that is too long turns newcomers away, so that
 * nobody can make the manager hold work without end.
 */
import { AppError } from "../errors/app-error.ts";

export class Turnstile {
  readonly #widthMax: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;

  /** `widthMax` actions run at once, at least 1; `waitingMax` more may wait. */
  constructor(widthMax: number, waitingMax: number) {
    this.#widthMax = widthMax;
    this.#waitingMax = waitingMax;
  }

  /** Runs `action` when its turn comes and hands on its outcome. @throws AppError MANAGER_BUSY when the line is full. */
  async run<Result>(action: () => Promise<Result>): Promise<Result> {
    await this.#enter();
    try {
      return await action();
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#inside < this.#widthMax) {
      this.#inside += 1;
      return;
    }
    if (this.#waiting.length >= this.#waitingMax) {
      const message = `${this.#waiting.length} requests of this kind wait already; try again in a moment`;
      throw new AppError("MANAGER_BUSY", message, { retryable: true });
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    await promise;
  }

  /** The place is handed to the next one in line, so `#inside` stays as it is while somebody waits. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#inside -= 1;
  }
}
