/** The nodes as the API and the console show them: the members of the cluster, or the one node that stands alone. */
import type { Cluster, Member, MemberPorts } from "../cluster/cluster.ts";

export interface NodeView {
  readonly name: string;
  /** "gateway", "manager", "worker", or "standalone". */
  readonly role: string;
  readonly subDomain: string;
  /** "host:port" of the cluster address; of the console for a node that stands alone. */
  readonly address: string;
  readonly ports: MemberPorts;
  readonly state: string;
  /** The commit that the node runs; null before the first, and for gateways. */
  readonly revision: string | null;
}

/** The node itself where clustering is off. */
export interface StandaloneNode {
  readonly name: string;
  readonly address: string;
  readonly ports: MemberPorts;
  readonly revision: string | undefined;
}

/** Oldest member first. */
export function nodeViews(
  cluster: Cluster | undefined,
  itself: StandaloneNode,
): readonly NodeView[] {
  if (cluster) return cluster.members().map(toNodeView);
  const { name, address, ports, revision = null } = itself;
  return [
    { name, role: "standalone", subDomain: "worker", address, ports, state: "active", revision },
  ];
}

function toNodeView(member: Member): NodeView {
  const { name, role, subDomain, host, port, ports, state, revision = null } = member;
  return { name, role, subDomain, address: joinAddress(host, port), ports, state, revision };
}

/** "host:port", with brackets around an IPv6 address. */
export function joinAddress(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
