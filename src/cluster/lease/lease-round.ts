/**
 * One round of requests: the same ones to every grantor, and the count of the grants of each. Knows nothing of time
 * and connections.
 */
import type { ClaimedJob } from "./claimed-job.ts";
import type { LeaseAnswer, LeaseRequest } from "./lease-frames.ts";

export interface LeaseDemand {
  readonly claimed: ClaimedJob;
  readonly request: LeaseRequest;
}

export interface LeaseOutcome extends LeaseDemand {
  readonly grants: number;
  /** The highest term that the grantors know of the job. */
  readonly highestTerm: number;
}

export class LeaseRound {
  readonly number: number;
  /** When the requests were sent, by this node's monotonic clock. */
  readonly sentMs: number;
  readonly #waiting: Set<string>;
  #outcomes: readonly LeaseOutcome[];

  constructor(
    number: number,
    sentMs: number,
    demands: readonly LeaseDemand[],
    grantors: readonly string[],
  ) {
    this.number = number;
    this.sentMs = sentMs;
    this.#waiting = new Set(grantors);
    this.#outcomes = demands.map((demand) => ({ ...demand, grants: 0, highestTerm: 0 }));
  }

  /** Whether every grantor has answered or is gone. */
  get isOver(): boolean {
    return this.#waiting.size === 0;
  }

  get outcomes(): readonly LeaseOutcome[] {
    return this.#outcomes;
  }

  /** Counts a grantor's answers, once; undefined: it cannot answer. */
  take(grantor: string, answers: readonly LeaseAnswer[] | undefined): void {
    if (!this.#waiting.delete(grantor) || answers?.length !== this.#outcomes.length) return;
    this.#outcomes = this.#outcomes.map((outcome, at) => {
      const { isGranted = false, term = 0 } = answers[at] ?? {};
      return {
        ...outcome,
        grants: outcome.grants + Number(isGranted),
        highestTerm: Math.max(outcome.highestTerm, term),
      };
    });
  }
}
