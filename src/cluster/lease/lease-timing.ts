/**
 * The times of leases, and how they hang together: a holder's lease ends by its own clock LEASE_MS after it sent the
 * request that a majority granted; a grantor keeps its word for GRANT_MS after it received it. The holder is first as
 * long as its clock runs no more than a sixth slower than those of the grantors. Wall clocks do not matter.
 */

/** How long a lease is held without renewal. Longer rides out longer breaks; a crash leaves the job undone that long. */
export const LEASE_MS = 3_000;

/** How long a grantor gives the job to nobody else. Also how long a member that has started grants nothing new. */
export const GRANT_MS = 3_500;

/** How often a holder renews: three requests may be lost before a lease is. */
export const RENEW_MS = 700;

/** How long a round waits for answers. Below RENEW_MS. */
export const ROUND_MS = 500;

/** A claim that was refused is tried again after this much, and up to as much again by chance. */
export const RETRY_MS = 400;

/** Jobs that a member grants or claims at most. */
export const JOBS_MAX = 1_000;

/** Longest name of a job, in bytes. */
export const JOB_BYTES_MAX = 512;
