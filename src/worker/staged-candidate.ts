/**
 * The one candidate that a worker keeps beside the running generation, and how it comes to an end: taken, abandoned,
 * replaced by a later one, or forgotten after KEPT_MS, when the manager that wanted it is gone for good.
 */
import { AppError } from "../errors/app-error.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import type { MadeGeneration } from "./generation-maker.ts";

/** How long a candidate is kept, from the moment it was asked for: longer than any deploy waits for its workers. */
export const KEPT_MS = 10 * 60_000;

interface Held {
  readonly commit: string;
  readonly made: Promise<MadeGeneration>;
  readonly ending: AbortController;
  readonly timer: Timer;
}

export class StagedCandidate {
  readonly #clock: Clock;
  #held: Held | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Makes the commit ready and keeps it; another candidate is forgotten at once. Asked again for the same commit, the same
   * answer is waited for. @throws what `make` throws, and "replaced", "abandoned" or "forgotten" when it ends before.
   */
  async hold(
    commit: string,
    make: (signal: AbortSignal) => Promise<MadeGeneration>,
  ): Promise<MadeGeneration> {
    const held = this.#held?.commit === commit ? this.#held : this.#begin(commit, make);
    const { promise: ended, reject } = Promise.withResolvers<never>();
    const { signal } = held.ending;
    const onEnd = (): void => reject(asError(signal.reason));
    signal.addEventListener("abort", onEnd);
    try {
      const made = await Promise.race([held.made, ended]);
      if (made.kind !== "made") this.#drop(held);
      return made;
    } catch (error) {
      this.#drop(held);
      throw error;
    } finally {
      signal.removeEventListener("abort", onEnd);
    }
  }

  /** The commit's generation, perhaps still being made; undefined: it is not the candidate. */
  of(commit: string): Promise<MadeGeneration> | undefined {
    return this.#held?.commit === commit ? this.#held.made : undefined;
  }

  /** Forgets the candidate, if it is that commit. `reason`: the end of a sentence, for whoever still waits for it. */
  forget(commit: string, reason: string): void {
    if (this.#held?.commit === commit) this.#end(reason);
  }

  /** Forgets whatever is held. */
  clear(reason: string): void {
    this.#end(reason);
  }

  #begin(commit: string, make: (signal: AbortSignal) => Promise<MadeGeneration>): Held {
    this.#end("replaced: a later candidate was proposed meanwhile");
    const ending = new AbortController();
    const made = make(ending.signal);
    // Whoever waits hears of it; nobody may wait any more.
    made.catch(() => {});
    const timer = this.#clock.after(KEPT_MS, () =>
      this.forget(commit, "forgotten: it took too long"),
    );
    this.#held = { commit, made, ending, timer };
    return this.#held;
  }

  #end(reason: string): void {
    const held = this.#held;
    if (!held) return;
    this.#drop(held);
    held.ending.abort(new AppError("DEPLOYMENT_REPOSITORY", reason, { retryable: true }));
  }

  #drop(held: Held): void {
    held.timer.cancel();
    if (this.#held === held) this.#held = undefined;
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
