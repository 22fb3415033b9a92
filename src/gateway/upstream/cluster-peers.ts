/**
 * Members as peers: `cluster_servers` has those of a sub-domain that offer the scheme, and a `server` of the configuration
 * that is a member by its address obeys the membership too: it drains with the member, and takes part in the rotation.
 */
import { createHash } from "node:crypto";
import { formatAddress, splitHostPort } from "../http/listen-address.ts";
import { isServing } from "./rotation.ts";
import type { DirectoryMember } from "./server-directory.ts";
import type { ClusterServersConfig, PeerConfig } from "./upstream-config.ts";

/** Peers in the order of the members: all that answer; who of them gets requests is said in `rotation.ts`. */
export function clusterPeers(
  { subDomain, scheme, ...options }: ClusterServersConfig,
  members: readonly DirectoryMember[],
): readonly PeerConfig[] {
  return members.flatMap((member): readonly PeerConfig[] => {
    const port = member.ports[scheme];
    if (member.subDomain !== subDomain || port === undefined || !isServing(member.state)) return [];
    const name = formatAddress({ host: member.name ?? member.host, port });
    const route = options.route ?? (member.name === undefined ? undefined : serverIdOf(name));
    return [asMember({ ...options, name, route, host: member.host, port }, member)];
  });
}

/** The configured server as the member that it is; unchanged where it is none. */
export function memberPeer(config: PeerConfig, members: readonly DirectoryMember[]): PeerConfig {
  const hosts = [config.host, splitHostPort(config.name)?.host ?? config.name];
  const member = members.find(
    ({ host, name, aliases = [], ports }) =>
      (ports.http === config.port || ports.https === config.port) &&
      [host, name, ...aliases].some((known) => known !== undefined && hosts.includes(known)),
  );
  return member ? asMember(config, member) : config;
}

function asMember(config: PeerConfig, { id, node, state, standing }: DirectoryMember): PeerConfig {
  const drainsAsMember = !config.drain && state === "draining";
  const drain = config.drain || drainsAsMember;
  return { ...config, drain, member: { id, node, state, standing, drainsAsMember } };
}

/** As for a server of the configuration, but of the name: gateways that share sessions agree on it. */
function serverIdOf(name: string): string {
  return createHash("md5").update(name).digest("hex");
}
