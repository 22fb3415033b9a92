/** `cluster_servers`: the members of a sub-domain that offer the scheme, as peer configurations. */
import { createHash } from "node:crypto";
import { formatAddress } from "../http/listen-address.ts";
import type { DirectoryMember } from "./server-directory.ts";
import type { ClusterServersConfig, PeerConfig } from "./upstream-config.ts";

/** Peers in the order of the members; a member that drains is kept for the sessions bound to it. */
export function clusterPeers(
  { subDomain, scheme, ...options }: ClusterServersConfig,
  members: readonly DirectoryMember[],
): readonly PeerConfig[] {
  return members.flatMap((member): readonly PeerConfig[] => {
    const port = member.ports[scheme];
    const isServing = member.state === "active" || member.state === "draining";
    if (member.subDomain !== subDomain || port === undefined || !isServing) return [];
    const drain = options.drain || member.state === "draining";
    const name = formatAddress({ host: member.name ?? member.host, port });
    const route = options.route ?? (member.name === undefined ? undefined : serverIdOf(name));
    return [{ ...options, drain, name, route, host: member.host, port }];
  });
}

/** As for a server of the configuration, but of the name: gateways that share sessions agree on it. */
function serverIdOf(name: string): string {
  return createHash("md5").update(name).digest("hex");
}
