/** Starts membership: chooses the provider and returns the port. The only way in for the layers above. */
import { randomUUID } from "node:crypto";
import { AppError } from "../errors/app-error.ts";
import type { Log } from "../observability/log.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Cluster, MemberPorts, MemberRole } from "./cluster.ts";
import { deriveGroupKey } from "./mesh/group-key.ts";
import { startMesh } from "./mesh/start-mesh.ts";
import { udpBinder } from "./mesh/udp-transport.ts";

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

/**
 * Resolves when the cluster port is bound and the well-known members have been greeted once.
 * @throws AppError CLUSTER_START; CLUSTER_LIMIT when the properties of `self` are too large.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { provider, domain, groupPassword, members, self, clock } = options;
  if (provider === "hazelcast") {
    throw new AppError(
      "CLUSTER_START",
      'the membership provider "hazelcast" is not part of this version: remove the parameter "provider" from the clustering element of axis2.xml to use the embedded one, which is the default',
      { side: "config" },
    );
  }
  const log = options.log.child("MeshClusteringAgent");
  if (groupPassword === undefined) {
    log.warn(
      `no groupPassword is set: anyone who can reach the cluster port and knows the domain's name "${domain}" can take part; set groupPassword in axis2.xml`,
    );
  }
  return startMesh({
    domain,
    local: { host: options.localMemberHost, port: options.localMemberPort },
    wellKnown: members,
    groupKey: await deriveGroupKey(domain, groupPassword),
    self,
    bind: udpBinder(clock, log),
    log,
    clock,
    newId: randomUUID,
  });
}
