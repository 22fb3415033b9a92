/**
 * The port of leases: jobs that one node of the cluster may do at a time. Claimed with `Cluster.lease`. A lease is
 * granted by a majority of the registered members, so that of two halves of a cluster at most one runs a job.
 */

/** Called as the node gets and loses the right to do a job. Must not block. */
export interface LeaseHolder {
  /**
   * The job is this node's until `lost`. `term` grows with every grant of the job, at whatever node: what the job
   * writes to may refuse a lower term than one that it has seen (a fencing token).
   */
  gained(term: number): void;
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
