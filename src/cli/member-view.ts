/** Turns what membership knows into what status shows. */
import { hostname } from "node:os";
import type { Cluster, Member } from "../cluster/cluster.ts";
import { formatAddress, formatHost } from "../cluster/member-address.ts";
import { MEMBER_PROPERTIES } from "../cluster/member-properties.ts";
import type { MemberView } from "../runtime/node-status.ts";
import { supervisorOf } from "../runtime/restart-status.ts";

/** All members that the node sees; empty without clustering. */
export function memberViews(cluster: Cluster | undefined): readonly MemberView[] {
  return cluster ? cluster.members().map(memberView) : [];
}

/** The cluster address of a member and the URLs of its ports. */
export function memberAddresses(member: Member): readonly string[] {
  const { port, ports } = member;
  const host = formatHost(member.host);
  return [
    ...(ports.http === undefined ? [] : [`http://${host}:${ports.http}`]),
    ...(ports.https === undefined ? [] : [`https://${host}:${ports.https}`]),
    ...(ports.management === undefined ? [] : [`https://${host}:${ports.management}`]),
    `cluster://${host}:${port}`,
  ];
}

/** Properties that each node publishes: its process, for status on the same machine, and what would start it again. */
export function processProperties(): Readonly<Record<string, string>> {
  const supervisor = supervisorOf(process.env, process.connected);
  return {
    ...(supervisor === undefined ? {} : { [MEMBER_PROPERTIES.supervisor]: supervisor }),
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
    address: formatAddress(member),
    state: member.state,
    revision: member.revision ?? null,
    pid: isHere && pid > 0 ? pid : null,
    addresses: memberAddresses(member),
  };
}

interface Troubled {
  readonly trouble?: string | undefined;
}

/** The field of the status that says what is wrong with the node's part in the cluster, if something is. */
export function clusterTrouble(
  cluster: Troubled | undefined,
  trust: Troubled | undefined,
): { readonly clusterTrouble?: string } {
  const trouble = trust?.trouble ?? cluster?.trouble;
  return trouble === undefined ? {} : { clusterTrouble: trouble };
}
