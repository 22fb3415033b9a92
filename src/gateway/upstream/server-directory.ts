/**
 * The gateway's view of the membership, as a port: who offers which sub-domain, how each stands to the live revision, and
 * a call when that changes. The command adapts the cluster to it; tests hand in a list.
 */
import type { Standing } from "./live-revision.ts";

export interface DirectoryMember {
  readonly subDomain: string;
  /** Made by the process at its start: another one after a restart. Absent: one is taken for the other. */
  readonly id?: string;
  /** An IP address. */
  readonly host: string;
  /** The name behind the address: the same on every gateway, where addresses may differ. Absent: the address itself. */
  readonly name?: string;
  readonly ports: { readonly http?: number; readonly https?: number };
  /** Only "active" gets new requests; "draining" keeps the sessions bound to it; "leaving" is the last resort; others get nothing. */
  readonly state: string;
  /** The name of the node, under which the sessions bound to it are told. Absent: they are not told. */
  readonly node?: string;
  /** Other names and addresses under which a `server` of the configuration may mean this member. */
  readonly aliases?: readonly string[];
  /** Absent: revisions do not matter for this member. */
  readonly standing?: Standing | undefined;
}

export interface ServerDirectory {
  /** All live members, always in the same order for the same set. */
  members(): readonly DirectoryMember[];
  /** Calls after each change; returns the function that ends it. */
  onChange(handler: () => void): () => void;
}

/** For a gateway outside any cluster: `cluster_servers` then has no servers. */
export const emptyDirectory: ServerDirectory = {
  members: () => [],
  onChange: () => () => {},
};
