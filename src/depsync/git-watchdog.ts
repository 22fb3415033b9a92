/**
 * Ends a git command that hangs or floods: it kills the process and rejects at once, for what git starts may
 * keep the output open long after it. One object a command.
 */
import { type Clock, type Timer, systemClock } from "../runtime/clock.ts";

/** A command that writes nothing for so long is ended. Larger: a dead remote is noticed later. */
export const GIT_SILENT_MS_MAX = 30_000;
/** No command takes longer, whatever it writes; a first fetch over a slow line is the longest. */
export const GIT_TOTAL_MS_MAX = 10 * 60_000;
/** Output beyond it ends the command; contents are asked for in portions well below it. */
export const GIT_OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

export class GitWatchdog {
  /** Rejects when the command was ended; never resolves. */
  readonly bitten: Promise<never>;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  readonly #reject: (reason: Error) => void;
  readonly #total: Timer;
  #silence: Timer;
  #bytes = 0;
  #isOver = false;

  /** `clock` default: the machine's, for what is watched is a real process. */
  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
    const { promise, reject } = Promise.withResolvers<never>();
    this.bitten = promise;
    this.bitten.catch(() => {});
    this.#reject = reject;
    this.#silence = this.#afterSilence();
    this.#total = clock.after(GIT_TOTAL_MS_MAX, () =>
      this.#bite(`it did not end within ${GIT_TOTAL_MS_MAX / 60_000} minutes`),
    );
  }

  /** Kills the process when it is aborted. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The command has written something; what comes after its end counts no more. */
  heard(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#silence.cancel();
    this.#silence = this.#afterSilence();
    this.#bytes += chunk.length;
    if (this.#bytes > GIT_OUTPUT_BYTES_MAX) {
      this.#bite(`it wrote more than ${GIT_OUTPUT_BYTES_MAX} bytes`);
    }
  }

  /** The command is over. */
  rest(): void {
    this.#isOver = true;
    this.#silence.cancel();
    this.#total.cancel();
  }

  #afterSilence(): Timer {
    return this.#clock.after(GIT_SILENT_MS_MAX, () =>
      this.#bite(`it gave no sign of life for ${GIT_SILENT_MS_MAX / 1000} s`),
    );
  }

  #bite(reason: string): void {
    this.#reject(new Error(reason));
    this.#abort.abort();
  }
}
