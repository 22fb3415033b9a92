/** Starts membership: chooses the provider and returns the port. The only way in for the layers above. */
import { AppError } from "../errors/app-error.ts";
import type { Log } from "../observability/log.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Cluster, MemberPorts, MemberRole } from "./cluster.ts";

export interface ClusterOptions {
  readonly provider: "embedded" | "hazelcast";
  readonly domain: string;
  /** Advertised and bound address of this node's cluster port. */
  readonly localMemberHost: string;
  /** First port to try; the next free one is taken when it is busy, and the log says so. */
  readonly localMemberPort: number;
  /** Addresses that are contacted for ever; may contain this node's own. */
  readonly members: readonly { readonly host: string; readonly port: number }[];
  /** Keys the traffic; undefined: keyed by the domain alone, with a warning. Never logged. */
  readonly groupPassword: string | undefined;
  readonly self: {
    readonly role: MemberRole;
    readonly subDomain: string;
    readonly ports: MemberPorts;
    readonly properties: Readonly<Record<string, string>>;
    /** Default: "host:port" of the cluster address. */
    readonly name?: string;
  };
  readonly log: Log;
  readonly clock: Clock;
}

/** Resolves when the cluster port is bound and the well-known members have been greeted once. @throws AppError CLUSTER_START. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  throw new AppError("CLUSTER_START", `no provider for ${options.domain}`);
}
