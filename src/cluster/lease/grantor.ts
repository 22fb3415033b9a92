/**
 * The part of a member that grants: for each job to one member at a time, and never a term twice. What it has granted is
 * in memory only; a member that has just started, and so may have forgotten a grant, grants nothing new for GRANT_MS.
 */
import type { Clock } from "../../runtime/clock.ts";
import type { LeaseAnswer, LeaseRequest } from "./lease-frames.ts";
import { GRANT_MS, JOBS_MAX } from "./lease-timing.ts";

interface Grant {
  /** The highest term that was granted. */
  term: number;
  holder: string;
  endMs: number;
}

export class Grantor {
  readonly #clock: Clock;
  readonly #readyMs: number;
  /** By job, the one that was granted last at the end. */
  readonly #grants = new Map<string, Grant>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#readyMs = clock.monotonicMs() + GRANT_MS;
  }

  /** Decides on the request of a member. */
  decide(holder: string, { kind, job, term }: LeaseRequest): LeaseAnswer {
    const isGranted =
      kind === "claim"
        ? this.#claim(job, term, holder)
        : kind === "renew"
          ? this.#renew(job, term, holder)
          : this.#release(job, term, holder);
    return { isGranted, term: this.#grants.get(job)?.term ?? 0 };
  }

  #claim(job: string, term: number, holder: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    const grant = this.#grants.get(job);
    if (nowMs < this.#readyMs) return false;
    if (grant && (term <= grant.term || (grant.endMs > nowMs && grant.holder !== holder)))
      return false;
    return this.#keep(job, { term, holder, endMs: nowMs + GRANT_MS });
  }

  /** Also of a term that this member has forgotten: a majority has granted it. */
  #renew(job: string, term: number, holder: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    const grant = this.#grants.get(job);
    const isOwn = grant?.term === term && grant.holder === holder;
    const isForgotten = !grant || (term > grant.term && grant.endMs <= nowMs);
    return (isOwn || isForgotten) && this.#keep(job, { term, holder, endMs: nowMs + GRANT_MS });
  }

  #release(job: string, term: number, holder: string): boolean {
    const grant = this.#grants.get(job);
    if (grant?.term !== term || grant.holder !== holder) return false;
    grant.endMs = this.#clock.monotonicMs();
    return true;
  }

  /** False: there are too many jobs that others hold. */
  #keep(job: string, grant: Grant): boolean {
    if (!this.#grants.has(job) && this.#grants.size >= JOBS_MAX && !this.#forgetOne()) return false;
    this.#grants.delete(job);
    this.#grants.set(job, grant);
    return true;
  }

  #forgetOne(): boolean {
    const nowMs = this.#clock.monotonicMs();
    for (const [job, { endMs }] of this.#grants) {
      if (endMs <= nowMs) return this.#grants.delete(job);
    }
    return false;
  }
}
