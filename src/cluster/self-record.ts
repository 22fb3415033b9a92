/** A node's own record at its start, the same for all providers: what the configuration says, and what is made at each start. */
import type { Clock } from "../runtime/clock.ts";
import type { HostNames, Member, MemberPorts, MemberRole } from "./cluster.ts";
import { type Address, formatAddress } from "./member-address.ts";

/** What a node brings to its own record. */
export interface SelfDescription {
  readonly role: MemberRole;
  readonly subDomain: string;
  readonly ports: MemberPorts;
  readonly properties: Readonly<Record<string, string>>;
  /** Default: "host:port" of the cluster address. */
  readonly name?: string;
  /** Default: the host of the cluster address for all. */
  readonly hostNames?: HostNames;
}

export interface SelfSurroundings {
  readonly self: SelfDescription;
  readonly domain: string;
  /** The cluster address, with the port that was bound. */
  readonly address: Address;
  readonly clock: Clock;
  /** Makes UUIDs. */
  readonly newId: () => string;
}

export function selfRecord({ self, domain, address, clock, newId }: SelfSurroundings): Member {
  const { host, port } = address;
  const { role, subDomain, ports, properties, name = formatAddress(address) } = self;
  return {
    id: newId(),
    name,
    host,
    port,
    role,
    domain,
    hostNames: self.hostNames ?? hostNamesOf(name, host),
    subDomain,
    ports,
    properties,
    incarnation: 0,
    revision: undefined,
    state: "joining",
    startedAtMs: clock.wallMs(),
  };
}

function hostNamesOf(name: string, host: string): HostNames {
  return { name, hostname: host, domain: "", internalHostname: host, internalDomain: "" };
}
