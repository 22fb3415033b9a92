/**
 * Orderly stop of a process: parts are pushed in the order in which they started and are closed in
 * reverse, each within a deadline, so that one part that hangs cannot keep the rest from closing.
 */
import type { Clock } from "./clock.ts";

/** Something that was started and can be stopped. */
export interface Closable {
  close(): Promise<void>;
}

/** How long one part may take to close before it is left behind. */
export const CLOSE_MS_MAX = 10_000;

export class Lifecycle {
  readonly #clock: Clock;
  readonly #report: (sentence: string) => void;
  readonly #parts: { readonly name: string; readonly part: Closable }[] = [];
  #closing: Promise<void> | undefined;

  /** `report` is told of each part that failed to close or did not close in time. */
  constructor(clock: Clock, report: (sentence: string) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** Takes over a started part and returns it. Parts close in reverse order of this call. */
  add<Part extends Closable>(name: string, part: Part): Part {
    if (this.#closing) throw new Error(`${name} was started while stopping`);
    this.#parts.push({ name, part });
    return part;
  }

  /** Closes all parts, last first. Further calls return the same promise. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#closeParts();
    return this.#closing;
  }

  async #closeParts(): Promise<void> {
    for (const { name, part } of this.#parts.toReversed()) await this.#closePart(name, part);
  }

  /** Resolves when the part has closed, failed to close, or has had its time. */
  async #closePart(name: string, part: Closable): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = this.#clock.after(CLOSE_MS_MAX, () => {
      this.#report(`${name} did not close within ${CLOSE_MS_MAX / 1000} s and is left behind`);
      resolve();
    });
    try {
      await Promise.race([part.close(), late]);
    } catch (error) {
      this.#report(`${name} failed to close: ${String(error)}`);
    } finally {
      timer.cancel();
    }
  }
}
