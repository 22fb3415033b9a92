/**
 * Complaints about what comes from the network: the first of a kind is logged at once, further ones are
 * counted and logged at most once in COMPLAINT_MS, so that nobody can fill the log from outside.
 */
import type { Log } from "../../observability/log.ts";
import type { Clock } from "../../runtime/clock.ts";
import { COMPLAINT_MS } from "./swim-timing.ts";

interface Complaint {
  loggedMs: number;
  unlogged: number;
}

export class Complaints {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #kinds = new Map<string, Complaint>();
  readonly #counts = new Map<string, number>();

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** `kind` is one of a few fixed words; `sentence` is logged at warn with the number of those left out. */
  add(kind: string, sentence: string): void {
    this.#counts.set(kind, this.count(kind) + 1);
    const nowMs = this.#clock.monotonicMs();
    const known = this.#kinds.get(kind);
    if (known && nowMs - known.loggedMs < COMPLAINT_MS) {
      known.unlogged += 1;
      return;
    }
    const more =
      known && known.unlogged > 0 ? ` (and ${known.unlogged} more since the last time)` : "";
    this.#kinds.set(kind, { loggedMs: nowMs, unlogged: 0 });
    this.#log.warn(`${sentence}${more}`);
  }

  /** How often this kind came in all. */
  count(kind: string): number {
    return this.#counts.get(kind) ?? 0;
  }
}
