/**
 * A job that runs while its lease is held. Gaining and losing the lease may follow each other quickly: a run begins only
 * when the one before it is over, and the lease is given back after the run.
 */
import type { Job, JobGrant, JobLease, LeaseClaim } from "./job.ts";

/** One run of a job: from gaining the lease to losing it. */
export interface JobRun {
  /** Begins nothing new and resolves when what had begun is over. Never rejects. */
  stop(): Promise<void>;
}

/** A turn that comes while the lease is in doubt, because the node stood still, waits so long for it to be renewed or lost. */
export const DOUBT_MS = 100;

export class LeasedJob implements Job {
  readonly name: string;
  readonly #lease: JobLease;
  readonly #begin: (grant: JobGrant) => JobRun;
  #claim: LeaseClaim | undefined;
  /** Undefined: the job is not this node's. */
  #grant: JobGrant | undefined;
  #run: JobRun | undefined;
  #settling: Promise<void> | undefined;

  constructor(name: string, lease: JobLease, begin: (grant: JobGrant) => JobRun) {
    this.name = name;
    this.#lease = lease;
    this.#begin = begin;
  }

  start(): Promise<void> {
    this.#claim ??= this.#lease.claim(this.name, {
      gained: (grant) => this.#hold(grant),
      lost: () => this.#hold(undefined),
    });
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    const claim = this.#claim;
    this.#claim = undefined;
    this.#hold(undefined);
    await this.#settling;
    await claim?.release();
  }

  #hold(grant: JobGrant | undefined): void {
    this.#grant = grant;
    if (this.#settling) return;
    if (grant) this.#run ??= this.#begin(grant);
    else if (this.#run) this.#settling = this.#settle(this.#run);
  }

  async #settle(run: JobRun): Promise<void> {
    await run.stop();
    this.#run = undefined;
    this.#settling = undefined;
    if (this.#grant) this.#run = this.#begin(this.#grant);
  }
}
