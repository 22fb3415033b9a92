/**
 * Starts the embedded provider: binds the port, derives the key, greets the well-known members. Its log
 * lines are WSO2's, word for word, because people and scripts look for them.
 */
import type { Log } from "../../observability/log.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Cluster, Member, MemberPorts, MemberRole } from "../cluster.ts";
import { bindMemberPort } from "./bind-member-port.ts";
import { DatagramSeal } from "./datagram-seal.ts";
import { MeshCluster } from "./mesh-cluster.ts";
import { checkRecord } from "./record-codec.ts";
import { SealedLink } from "./sealed-link.ts";
import { type Address, type BindTransport, formatAddress } from "./transport.ts";

export interface MeshOptions {
  readonly domain: string;
  /** Advertised and bound; a taken port moves on. */
  readonly local: Address;
  readonly wellKnown: readonly Address[];
  /** From `deriveGroupKey`. */
  readonly groupKey: Buffer;
  readonly self: {
    readonly role: MemberRole;
    readonly subDomain: string;
    readonly ports: MemberPorts;
    readonly properties: Readonly<Record<string, string>>;
    /** Default: "host:port" of the cluster address. */
    readonly name?: string;
  };
  readonly bind: BindTransport;
  readonly log: Log;
  readonly clock: Clock;
  /** Makes UUIDs: the member's id and those of its messages. */
  readonly newId: () => string;
}

/** Resolves when the well-known members were greeted. @throws AppError CLUSTER_START, CLUSTER_LIMIT. */
export async function startMesh(options: MeshOptions): Promise<Cluster> {
  const { domain, log, clock, wellKnown, newId } = options;
  log.info(`Cluster domain: ${domain}`);
  log.info("Using wka based membership management scheme");
  const transport = await bindMemberPort(options.bind, options.local, log);
  try {
    const self = selfRecord(options, transport.port);
    checkRecord(self);
    log.info(`Local member: [${self.id}] - Host:${self.host}, Port:${self.port}`);
    const seal = new DatagramSeal(options.groupKey, domain, self.id);
    const link = new SealedLink({ transport, seal, ownId: self.id, clock, log });
    const cluster = new MeshCluster({ self, wellKnown, link, log, clock, newId });
    await cluster.greet();
    log.info("Cluster initialization completed");
    return cluster;
  } catch (error) {
    await transport.close();
    throw error;
  }
}

function selfRecord(options: MeshOptions, port: number): Member {
  const { self, local, clock, newId } = options;
  return {
    id: newId(),
    name: self.name ?? formatAddress({ host: local.host, port }),
    host: local.host,
    port,
    role: self.role,
    subDomain: self.subDomain,
    ports: self.ports,
    properties: self.properties,
    incarnation: 0,
    revision: undefined,
    state: "joining",
    startedAtMs: clock.wallMs(),
  };
}
