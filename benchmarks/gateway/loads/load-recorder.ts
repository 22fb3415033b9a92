/**
 * Counts what a load client of our own does, with latencies in a table of bounded size, and ends the load
 * after its time. Used by the programs beside it.
 */
import type { LoadResult } from "../sample.ts";

const STEP_MS = 0.01;
/** 20 s in steps of 10 µs; what takes longer counts as that. */
const STEPS = 2_000_000;
const FAULTS_MAX = 10;

export class LoadRecorder {
  readonly #counts = new Uint32Array(STEPS);
  readonly #faults = new Set<string>();
  #done = 0;
  #over = false;

  /** True after the time of the load: nothing new should be sent. */
  get over(): boolean {
    return this.#over;
  }

  /** One answer came, after so many milliseconds. */
  done(latencyMs: number): void {
    if (this.#over) return;
    const step = Math.min(STEPS - 1, Math.max(0, Math.round(latencyMs / STEP_MS)));
    this.#counts[step] = (this.#counts[step] ?? 0) + 1;
    this.#done++;
  }

  /** Keeps the sentence; the first ten different ones are reported. */
  fault(sentence: string): void {
    if (this.#faults.size < FAULTS_MAX) this.#faults.add(sentence);
  }

  /** Starts the time; `onEnd` is called once, after it. */
  start(seconds: number, onEnd: (result: LoadResult) => void): void {
    const started = performance.now();
    setTimeout(() => {
      this.#over = true;
      onEnd({
        done: this.#done,
        seconds: (performance.now() - started) / 1000,
        p50Ms: this.#quantile(0.5),
        p99Ms: this.#quantile(0.99),
        faults: [...this.#faults],
      });
    }, seconds * 1000);
  }

  #quantile(part: number): number {
    const wanted = Math.ceil(this.#done * part);
    let seen = 0;
    for (let step = 0; step < STEPS; step++) {
      seen += this.#counts[step] ?? 0;
      if (seen >= wanted) return step * STEP_MS;
    }
    return 0;
  }
}
