/** Looks at `main` at regular intervals, for commits that people push to a remote repository, or beside the manager. */
import { messageOf } from "../../errors/app-error.ts";
import type { Log } from "../../observability/log.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Closable } from "../../runtime/lifecycle.ts";

export interface MainWatchOptions {
  readonly look: () => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Log;
  /** From the end of one look to the next one. */
  readonly intervalMs: number;
}

export class MainWatch implements Closable {
  readonly #options: MainWatchOptions;
  #timer: Timer | undefined;
  #isClosed = false;
  /** What is wrong, which is said once. */
  #trouble: string | undefined;

  constructor(options: MainWatchOptions) {
    this.#options = options;
  }

  /** The first look is at once. */
  start(): void {
    void this.#look();
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    return Promise.resolve();
  }

  async #look(): Promise<void> {
    const { look, clock, log, intervalMs } = this.#options;
    try {
      await look();
      if (this.#trouble !== undefined) log.info("The deployment repository can be looked at again");
      this.#trouble = undefined;
    } catch (error) {
      const trouble = messageOf(error);
      if (trouble !== this.#trouble)
        log.error(`The deployment repository could not be looked at: ${trouble}`);
      this.#trouble = trouble;
    }
    if (!this.#isClosed) this.#timer = clock.after(intervalMs, () => void this.#look());
  }
}
