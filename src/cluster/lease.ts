/**
 * The port of leases: jobs that one node of the cluster may do at a time. Claimed with `Cluster.lease`. A lease is
 * granted by a majority of the registered members, so that of two halves of a cluster at most one runs a job.
 */

/** The right to do a job, from `gained` to `lost`. */
export interface LeaseGrant {
  /**
   * Grows with every grant of the job, at whatever node: what the job writes to may refuse a lower term than one that it
   * has seen (a fencing token).
   */
  readonly term: number;
  /**
   * Whether the job is this node's at this very moment: by the monotonic clock, before the time until which a majority
   * has granted it, less a margin. To be asked right before whatever only one node may do: a process that was stopped
   * meanwhile has not heard `lost` yet.
   */
  isHeld(): boolean;
}

/** Called as the node gets and loses the right to do a job. Must not block. */
export interface LeaseHolder {
  /** The job is this node's until `lost`, as long as the grant says so when it is asked. */
  gained(grant: LeaseGrant): void;
  /** Called before another node can be granted the job, as long as this process is not stopped meanwhile. */
  lost(): void;
}

/** Ends the interest in a lease; gives it back when it is held. */
export interface LeaseClaim {
  /** Resolves when the grantors were told; `lost` is not called any more. Never rejects. */
  release(): Promise<void>;
}

/**
 * Whose majority grants: how many members there are, or the names of those that may grant. Undefined: as many as
 * the largest view that this node has seen, which protects less: two halves that never met both have a majority.
 */
export type RegisteredMembers = number | readonly string[] | undefined;
