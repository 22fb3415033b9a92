/**
 * What a node tells the process that started it (`bascule up`), over Node's IPC channel when there is
 * one. The same facts, joined for all nodes, are what `bascule status --json` prints; the fields are
 * documented in docs/status.md and stable.
 */

/** "removed": it has ended because a manager has removed it from the cluster. */
export type NodeState = "starting" | "active" | "draining" | "stopped" | "failed" | "removed";

export type StatusRole = "gateway" | "manager" | "worker" | "standalone" | "backend";

export interface MemberView {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  /** "host:port" of the cluster address. */
  readonly address: string;
  readonly state: string;
  readonly revision: string | null;
  /** Null when the member runs on another machine. */
  readonly pid: number | null;
  /** The cluster address and the URLs of its ports, as in NodeStatus. */
  readonly addresses: readonly string[];
}

export interface NodeStatus {
  readonly name: string;
  readonly role: StatusRole;
  readonly state: NodeState;
  /** Null when no process runs. */
  readonly pid: number | null;
  /** URLs and cluster address, for example "http://127.0.0.1:8280", "cluster://127.0.0.1:4200". */
  readonly addresses: readonly string[];
  /** The commit that the node runs; null for gateways and before the first. */
  readonly revision: string | null;
  /** The members that this node sees, itself included; empty when clustering is off. */
  readonly members: readonly MemberView[];
  /** What keeps `members` from being up to date, as a sentence; absent: nothing that the node knows of. */
  readonly clusterTrouble?: string;
  /** Of a manager: which workers drain or restart on its word, a sentence each; absent: none. */
  readonly draining?: readonly string[];
  /** Which public certificates have expired or soon will, as a sentence; absent: none. */
  readonly certificateTrouble?: string;
}

/** The message of the IPC channel. */
export interface StatusMessage {
  readonly kind: "status";
  readonly status: NodeStatus;
}

/** Tells the parent process, if there is one that listens. */
export function reportStatus(status: NodeStatus): void {
  if (!process.connected || !process.send) return;
  const message: StatusMessage = { kind: "status", status };
  // The callback form swallows EPIPE of a parent that has just died.
  process.send(message, undefined, undefined, () => {});
}
