/**
 * A pattern with several repetitions that V8's linear engine cannot run, for look-around or back references: its time
 * grows with the length of the text to the power of its repetitions. Short texts are searched at once, long
 * ones in a call that V8 ends (`timed-call.ts`). Made by java-pattern.ts.
 */
import { MediationFault } from "../mediation-fault.ts";
import { CallTookTooLong, timedCall } from "../timed-call.ts";

/** Longest time of one search. All other messages of the worker wait for it. */
export const PATTERN_TIME_MAX_MS = 1_000;
/** Steps that are done in well under a millisecond. */
const STEPS_AT_ONCE = 100_000;

export class TimedPattern extends RegExp {
  readonly #repetitions: number;
  /** Of the searches through one text, which "g" makes one after the other. */
  #leftMs = PATTERN_TIME_MAX_MS;

  /** @param repetitions how many the pattern has; of a pattern that is copied its own. */
  constructor(source: string | RegExp, flags: string, repetitions = 1) {
    super(source, flags);
    this.#repetitions = source instanceof TimedPattern ? source.#repetitions : repetitions;
  }

  /** @throws MediationFault when the search takes too long. */
  override exec(text: string): RegExpExecArray | null {
    if (text.length ** (this.#repetitions + 1) <= STEPS_AT_ONCE) return super.exec(text);
    if (this.lastIndex === 0) this.#leftMs = PATTERN_TIME_MAX_MS;
    const startMs = performance.now();
    try {
      return timedCall(Math.max(1, this.#leftMs), () => super.exec(text));
    } catch (error) {
      if (!(error instanceof CallTookTooLong)) throw error;
      throw new MediationFault(
        `The pattern "${this.source}" was stopped: it took longer than ${PATTERN_TIME_MAX_MS} ms`,
      );
    } finally {
      this.#leftMs -= performance.now() - startMs;
    }
  }
}
