/**
 * Makes the whole port `Cluster` of a membership provider and its peer messenger: presence and messages are the
 * provider's, replicated maps and leases are built on the two here. For providers that have neither of their own.
 */
import { AppError } from "../errors/app-error.ts";
import type { Cluster, ClusterEvents, ClusterMessage, Member, MemberUpdate } from "./cluster.ts";
import { LeaseAgent, type LeaseAgentOptions } from "./lease/lease-agent.ts";
import type { LeaseClaim, LeaseHolder } from "./lease.ts";
import { MapReplica } from "./replication/map-replica.ts";
import type { ReplicatedMap, ReplicatedMapOptions } from "./replicated-map.ts";

/** What leases are built on is what maps need too. */
export type ReplicatingClusterOptions = LeaseAgentOptions;

export class ReplicatingCluster implements Cluster {
  readonly #options: ReplicatingClusterOptions;
  readonly #leases: LeaseAgent;
  readonly #maps = new Map<string, MapReplica>();

  constructor(options: ReplicatingClusterOptions) {
    this.#options = options;
    this.#leases = new LeaseAgent(options);
  }

  get self(): Member {
    return this.#options.membership.self;
  }

  members(): readonly Member[] {
    return this.#options.membership.members();
  }

  coordinator(): Member {
    return this.#options.membership.coordinator();
  }

  on<Name extends keyof ClusterEvents>(event: Name, handler: ClusterEvents[Name]): () => void {
    return this.#options.membership.on(event, handler);
  }

  update(change: MemberUpdate): void {
    this.#options.membership.update(change);
  }

  broadcast(topic: string, body: ClusterMessage["body"]): ClusterMessage {
    return this.#options.membership.broadcast(topic, body);
  }

  /** @throws AppError INTERNAL when the map is open already. */
  map(name: string, options: ReplicatedMapOptions): ReplicatedMap {
    if (this.#maps.has(name)) throw new AppError("INTERNAL", `the map "${name}" is open already`);
    const onClose = (): void => void this.#maps.delete(name);
    const map = new MapReplica({ ...this.#options, ...options, name, onClose });
    this.#maps.set(name, map);
    return map;
  }

  lease(job: string, holder: LeaseHolder): LeaseClaim {
    return this.#leases.claim(job, holder);
  }

  async close(): Promise<void> {
    await this.#leases.close();
    await Promise.all([...this.#maps.values()].map((map) => map.close()));
    await this.#options.membership.close();
  }
}
