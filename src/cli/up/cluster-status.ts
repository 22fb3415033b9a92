/**
 * The document of `bascule status`: all nodes and the URLs. Beside the nodes that `up` runs it lists those
 * that only membership knows, such as a worker started by hand. docs/status.md describes the fields;
 * they are stable.
 */
import type { MemberView, NodeState, NodeStatus, StatusRole } from "../../runtime/node-status.ts";
import type { ClusterUrls } from "./cluster-plan.ts";

export interface ClusterStatus {
  readonly nodes: readonly NodeStatus[];
  readonly urls: ClusterUrls;
}

const MEMBER_STATES: Readonly<Record<string, NodeState>> = {
  joining: "starting",
  active: "active",
  draining: "draining",
  leaving: "draining",
};

/** Joins the supervised nodes with the members that any of them sees. */
export function clusterStatus(supervised: readonly NodeStatus[], urls: ClusterUrls): ClusterStatus {
  const known = new Set(supervised.map((node) => node.name));
  const members = supervised.flatMap((node) => node.members);
  const others = new Map(
    members.filter((member) => !known.has(member.name)).map((member) => [member.id, member]),
  );
  return { nodes: [...supervised, ...[...others.values()].map(unsupervised)], urls };
}

/**
 * Whether the start is over: nobody is starting any more, and what the manager had to deploy (the sample on a
 * first start) runs on all workers that are up.
 */
export function isSettled(nodes: readonly NodeStatus[]): boolean {
  if (nodes.some(({ state }) => state === "starting")) return false;
  const manager = nodes.find(({ role, state }) => role === "manager" && state === "active");
  const workers = nodes.filter(({ role, state }) => role === "worker" && state === "active");
  return !manager || workers.every(({ revision }) => revision === manager.revision);
}

function unsupervised(member: MemberView): NodeStatus {
  return {
    name: member.name,
    role: roleOf(member.role),
    state: MEMBER_STATES[member.state] ?? "active",
    pid: member.pid,
    addresses: member.addresses,
    revision: member.revision,
    members: [],
  };
}

function roleOf(role: string): StatusRole {
  return role === "gateway" || role === "manager" ? role : "worker";
}
