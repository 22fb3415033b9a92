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

/**
 * Joins the supervised nodes with the members that any of them sees. A node that `up` has lost and somebody
 * started again by hand shows as what runs now.
 * @param isRunning whether a process of this machine lives: membership notices a crash only after a while.
 */
export function clusterStatus(
  supervised: readonly NodeStatus[],
  urls: ClusterUrls,
  isRunning: (pid: number) => boolean,
): ClusterStatus {
  const others = membersBeside(supervised).filter(({ pid }) => pid === null || isRunning(pid));
  const nodes = supervised.flatMap((node) => {
    const again = others.findIndex(({ name }) => node.pid === null && name === node.name);
    return again === -1 ? [node] : others.splice(again, 1).map(unsupervised);
  });
  return { nodes: [...nodes, ...others.map(unsupervised)], urls };
}

/** Members that are none of the supervised processes, each once. */
function membersBeside(supervised: readonly NodeStatus[]): MemberView[] {
  const pids = new Set(supervised.map(({ pid }) => pid));
  const addresses = new Set(supervised.flatMap((node) => node.addresses));
  const others = supervised
    .flatMap(({ members }) => members)
    .filter(({ pid }) => pid === null || !pids.has(pid))
    .filter(({ address }) => !addresses.has(`cluster://${address}`));
  return [...new Map(others.map((member) => [member.id, member])).values()];
}

/**
 * Whether the start is over: nobody is starting any more or about to fail, and what the manager had to deploy (the sample on a
 * first start) runs on all workers that are up.
 */
export function isSettled(nodes: readonly NodeStatus[]): boolean {
  if (nodes.some(({ state }) => state === "starting" || state === "draining")) return false;
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
