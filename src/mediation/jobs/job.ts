/**
 * What runs by itself in a generation: tasks, message processors, inbound endpoints; and the port that lets one node of a
 * cluster at a time do a job. The engine starts jobs with `activate` and stops them with `retire`.
 */
export interface Job {
  /** For logs: "task T", "message processor P". */
  readonly name: string;
  /** @throws AppError when it cannot start, for example because its port is taken; the others start all the same. */
  start(): Promise<void>;
  /** Begins nothing new and resolves when what had begun is over. */
  stop(): Promise<void>;
}

/** The right to do a job, from `gained` to `lost`. */
export interface JobGrant {
  /**
   * Whether the job is this node's at this very moment, by the monotonic clock. A node that stood still has not heard `lost` when it goes
   * on: to be asked right before each thing that only one node may do.
   */
  isHeld(): boolean;
}

/** Called as the node gets and loses the right to do a job. */
export interface LeaseHolder {
  gained(grant: JobGrant): void;
  lost(): void;
}

/** Ends the interest in a lease; gives it back when it is held. */
export interface LeaseClaim {
  release(): Promise<void>;
}

/** Grants each named job to one node at a time. */
export interface JobLease {
  claim(job: string, holder: LeaseHolder): LeaseClaim;
}

/** Without a cluster the node does every job. */
export const SOLE_LEASE: JobLease = {
  claim(_, holder) {
    holder.gained({ isHeld: () => true });
    return { release: () => Promise.resolve() };
  },
};
