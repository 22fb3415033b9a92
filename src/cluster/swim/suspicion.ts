/**
 * How long a suspected member has to refute (Lifeguard, section IV-B): long while one member suspects it alone, shorter with
 * each further one that got no answer either. Time is handed in; there are no timers here.
 */
import {
  CONFIRMATIONS,
  GRACE_MS,
  GRACES_MAX,
  JOINING_PATIENCE_MS,
  SUSPICION_MS,
  SUSPICION_UNCONFIRMED_FACTOR,
} from "./swim-timing.ts";

export interface SuspicionBounds {
  readonly msMin: number;
  readonly msMax: number;
  /** Confirmations by others that shorten it from msMax to msMin. 0: it is msMin at once. */
  readonly confirmations: number;
}

/**
 * The time that a suspicion lasts with `confirmed` confirmations:
 * max - (max - min) * log(confirmed + 1) / log(confirmations + 1), and never below min.
 */
export function suspicionMs(bounds: SuspicionBounds, confirmed: number): number {
  const { msMin, msMax, confirmations } = bounds;
  if (confirmations === 0) return msMin;
  const share = Math.log(confirmed + 1) / Math.log(confirmations + 1);
  return Math.max(msMin, msMax - (msMax - msMin) * share);
}

/** Bounds in a cluster of `members` members, the suspected one and this node included. */
export function suspicionBounds(members: number, isJoining: boolean): SuspicionBounds {
  const scale = Math.max(1, Math.log10(members));
  const patienceMs = isJoining ? JOINING_PATIENCE_MS : 0;
  const msMin = SUSPICION_MS * scale;
  return {
    msMin: msMin + patienceMs,
    msMax: msMin * SUSPICION_UNCONFIRMED_FACTOR + patienceMs,
    confirmations: Math.max(0, Math.min(CONFIRMATIONS, members - 2)),
  };
}

export class Suspicion {
  readonly #bounds: SuspicionBounds;
  readonly #accuser: string;
  readonly #confirmedBy = new Set<string>();
  readonly #startedMs: number;
  #notBeforeMs = 0;
  #graces = 0;

  constructor(bounds: SuspicionBounds, accuser: string, nowMs: number) {
    this.#bounds = bounds;
    this.#accuser = accuser;
    this.#startedMs = nowMs;
  }

  /** Another member suspects it as well. True when that was not known and still counts. */
  confirm(by: string): boolean {
    if (by === this.#accuser || this.#confirmedBy.has(by)) return false;
    if (this.#confirmedBy.size >= this.#bounds.confirmations) return false;
    this.#confirmedBy.add(by);
    return true;
  }

  /**
   * This node stood still: it reads first what came meanwhile. A few times only, or a node that is slow for long
   * would never report a crash.
   */
  grace(nowMs: number): void {
    if (this.#graces >= GRACES_MAX) return;
    this.#graces += 1;
    this.#notBeforeMs = nowMs + GRACE_MS;
  }

  isOver(nowMs: number): boolean {
    if (nowMs < this.#notBeforeMs) return false;
    return nowMs - this.#startedMs >= suspicionMs(this.#bounds, this.#confirmedBy.size);
  }
}
