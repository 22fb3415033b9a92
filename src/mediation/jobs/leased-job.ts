/**
 * A job that runs while its lease is held. Gaining and losing the lease may follow each other quickly: a run begins only
 * when the one before it is over, and the lease is given back after the run.
 */
import type { Job, JobLease, LeaseClaim } from "./job.ts";

/** One run of a job: from gaining the lease to losing it. */
export interface JobRun {
  /** Begins nothing new and resolves when what had begun is over. Never rejects. */
  stop(): Promise<void>;
}

export class LeasedJob implements Job {
  readonly name: string;
  readonly #lease: JobLease;
  readonly #begin: () => JobRun;
  #claim: LeaseClaim | undefined;
  #isHeld = false;
  #run: JobRun | undefined;
  #settling: Promise<void> | undefined;

  constructor(name: string, lease: JobLease, begin: () => JobRun) {
    this.name = name;
    this.#lease = lease;
    this.#begin = begin;
  }

  start(): Promise<void> {
    this.#claim ??= this.#lease.claim(this.name, {
      gained: () => this.#hold(true),
      lost: () => this.#hold(false),
    });
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    const claim = this.#claim;
    this.#claim = undefined;
    this.#hold(false);
    await this.#settling;
    await claim?.release();
  }

  #hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (this.#settling) return;
    if (isHeld) this.#run ??= this.#begin();
    else if (this.#run) this.#settling = this.#settle(this.#run);
  }

  async #settle(run: JobRun): Promise<void> {
    await run.stop();
    this.#run = undefined;
    this.#settling = undefined;
    if (this.#isHeld) this.#run = this.#begin();
  }
}
