/** Turns what membership knows into what status shows. */
import { hostname } from "node:os";
import type { Cluster, Member } from "../cluster/cluster.ts";
import { MEMBER_PROPERTIES } from "../cluster/member-properties.ts";
import type { MemberView } from "../runtime/node-status.ts";

/** All members that the node sees; empty without clustering. */
export function memberViews(cluster: Cluster | undefined): readonly MemberView[] {
  return cluster ? cluster.members().map(memberView) : [];
}

/** The cluster address of a member and the URLs of its ports. */
export function memberAddresses(member: Member): readonly string[] {
  const { host, port, ports } = member;
  return [
    ...(ports.http === undefined ? [] : [`http://${host}:${ports.http}`]),
    ...(ports.https === undefined ? [] : [`https://${host}:${ports.https}`]),
    ...(ports.management === undefined ? [] : [`https://${host}:${ports.management}`]),
    `cluster://${host}:${port}`,
  ];
}

/** Properties that each node publishes so that status on the same machine can name its process. */
export function processProperties(): Readonly<Record<string, string>> {
  return {
    [MEMBER_PROPERTIES.processId]: String(process.pid),
    [MEMBER_PROPERTIES.machine]: hostname(),
  };
}

function memberView(member: Member): MemberView {
  const isHere = member.properties[MEMBER_PROPERTIES.machine] === hostname();
  const pid = Number(member.properties[MEMBER_PROPERTIES.processId]);
  return {
    id: member.id,
    name: member.name,
    role: member.role,
    address: `${member.host}:${member.port}`,
    state: member.state,
    revision: member.revision ?? null,
    pid: isHere && pid > 0 ? pid : null,
    addresses: memberAddresses(member),
  };
}

/** The field of the status that says what is wrong with membership, if something is. */
export function clusterTrouble(cluster: Cluster | undefined): { readonly clusterTrouble?: string } {
  return cluster?.trouble === undefined ? {} : { clusterTrouble: cluster.trouble };
}
