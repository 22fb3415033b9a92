/**
 * The cluster's lease as the engine's jobs see it: each job is one worker's at a time, granted by a majority of the
 * cluster. Only an active worker asks. One that drains takes nothing more and ends what it does; the cluster may grant a
 * job to another once its run here is over, which is when the job releases its claim.
 */
import type { Cluster } from "../cluster/cluster.ts";
import type { LeaseClaim as ClusterClaim } from "../cluster/lease.ts";
import type { JobLease, LeaseClaim, LeaseHolder } from "../mediation/jobs/job.ts";
import type { Log } from "../observability/log.ts";
import type { Closable } from "../runtime/lifecycle.ts";

export interface ClusterLeaseOptions {
  /** Undefined: the node has not joined yet. */
  readonly cluster: () => Pick<Cluster, "lease" | "self"> | undefined;
  readonly log: Log;
}

interface Claimed {
  readonly job: string;
  readonly holder: LeaseHolder;
  /** Undefined: the worker is not active, nothing was asked for. */
  claim: ClusterClaim | undefined;
  isHeld: boolean;
  /** Held, but the job was told to end. */
  isEnding: boolean;
}

export class ClusterLease implements JobLease, Closable {
  readonly #options: ClusterLeaseOptions;
  readonly #jobs = new Set<Claimed>();
  #closed = false;

  constructor(options: ClusterLeaseOptions) {
    this.#options = options;
  }

  claim(job: string, holder: LeaseHolder): LeaseClaim {
    const claimed: Claimed = { job, holder, claim: undefined, isHeld: false, isEnding: false };
    this.#jobs.add(claimed);
    this.refresh();
    return {
      release: async () => {
        this.#jobs.delete(claimed);
        await this.#withdraw(claimed);
      },
    };
  }

  /** Looks at this node's own state; to be called when it has changed, since that raises no event. */
  refresh(): void {
    const cluster = this.#options.cluster();
    const isActive = !this.#closed && cluster?.self.state === "active";
    for (const claimed of this.#jobs) {
      if (cluster && isActive) this.#ask(claimed, cluster);
      else this.#end(claimed);
    }
  }

  /** To be closed after the jobs. Resolves when the cluster was told; nothing is granted any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.refresh();
    await Promise.all([...this.#jobs].map((claimed) => this.#withdraw(claimed)));
  }

  #ask(claimed: Claimed, cluster: Pick<Cluster, "lease">): void {
    const { log } = this.#options;
    const { job, holder } = claimed;
    claimed.claim ??= cluster.lease(job, {
      gained: (grant) => {
        if (claimed.isEnding) return;
        const { term } = grant;
        log.info(`This worker does the ${job} of the cluster from now on`, { term });
        claimed.isHeld = true;
        holder.gained(grant);
      },
      lost: () => {
        if (!claimed.isHeld) return;
        log.warn(
          `This worker has lost the ${job} of the cluster: no majority of the members answers`,
        );
        claimed.isHeld = false;
        holder.lost();
      },
    });
  }

  /** What is not held is not wanted any more; what is held ends, and is given back by the job itself. */
  #end(claimed: Claimed): void {
    const { job, holder, isHeld, isEnding } = claimed;
    if (isEnding) return;
    if (!isHeld) {
      void this.#withdraw(claimed);
      return;
    }
    claimed.isHeld = false;
    claimed.isEnding = true;
    this.#options.log.info(`This worker leaves the ${job} of the cluster to another`);
    holder.lost();
  }

  async #withdraw(claimed: Claimed): Promise<void> {
    const { claim } = claimed;
    claimed.claim = undefined;
    claimed.isEnding = false;
    await claim?.release();
  }
}
