/**
 * The one port of membership: who is there, what they offer and which revision they run, and messages
 * to all of them. Gateway, manager and worker hold a `Cluster`; the providers behind it are held to
 * test/helpers/cluster-contract.ts. Membership carries presence and hints, never the truth of a deploy.
 */
import type { Closable } from "../runtime/lifecycle.ts";
import type { LeaseClaim, LeaseHolder } from "./lease.ts";
import type { ReplicatedMap, ReplicatedMapOptions } from "./replicated-map.ts";

export type MemberState = "joining" | "active" | "draining" | "leaving";

/** What a member tells of itself. */
export interface Member {
  /** Made at each start, never copied or configured. A UUID. */
  readonly id: string;
  /** Default "host:port" of its cluster address. */
  readonly name: string;
  /** Cluster address: where the member is reached by the others. */
  readonly host: string;
  readonly port: number;
  readonly role: MemberRole;
  /** The clustering domain; members of other domains are refused. */
  readonly domain: string;
  readonly hostNames: HostNames;
  /** WSO2's sub-domain: "worker", "mgt", or any other word; "gateway" for gateways. */
  readonly subDomain: string;
  /** Service and management ports; absent when the node does not listen. */
  readonly ports: MemberPorts;
  /** Free properties of axis2.xml, and those that nodes publish (names in `member-properties.ts`). */
  readonly properties: Readonly<Record<string, string>>;
  /** Grows with every change that the member makes to its own record. */
  readonly incarnation: number;
  /** The commit whose artifacts the member runs; undefined before the first. */
  readonly revision: string | undefined;
  readonly state: MemberState;
  /** Milliseconds since 1970: the member's own clock at its start, moved behind those that run longer. Orders by age, nothing else. */
  readonly startedAtMs: number;
}

/** Under which names a member is reached, as Axon Server has them; empty domains: none is appended. */
export interface HostNames {
  /** Name of the node. */
  readonly name: string;
  /** For clients. */
  readonly hostname: string;
  readonly domain: string;
  /** For the other nodes of the cluster. */
  readonly internalHostname: string;
  readonly internalDomain: string;
}

export type MemberRole = "gateway" | "manager" | "worker";

export interface MemberPorts {
  readonly http?: number;
  readonly https?: number;
  /** The port of the management API (https). */
  readonly management?: number;
}

/** The part of its own record that a node may change while it runs. */
export type MemberUpdate = Partial<
  Pick<Member, "state" | "revision" | "properties" | "ports" | "subDomain" | "hostNames">
>;

/** A message to all members: delivered at least once to every live one, duplicates dropped by id. */
export interface ClusterMessage {
  /** A UUID made by the sender. */
  readonly id: string;
  /** What it is about, for example "SynchronizeRepositoryRequest". */
  readonly topic: string;
  /** JSON-compatible; at most MESSAGE_BYTES_MAX once encoded. */
  readonly body: Readonly<Record<string, string | number | boolean>>;
}

/** Largest encoded body of a cluster message, in bytes. */
export const MESSAGE_BYTES_MAX = 800;

/**
 * "left": it said so. "silent": it did not answer any more. "refused": it may not take part any more, for example because
 * its certificate was withdrawn. "replaced": another process came up at its address.
 */
export type LeaveReason = "left" | "silent" | "refused" | "replaced";

/** Handlers are called one at a time and in order; they must not block. */
export interface ClusterEvents {
  readonly joined: (member: Member) => void;
  readonly left: (member: Member, reason: LeaveReason) => void;
  readonly updated: (member: Member) => void;
  readonly message: (message: ClusterMessage, from: Member) => void;
  /** `Membership.trouble` has changed. */
  readonly trouble: (trouble: string | undefined) => void;
}

/** The part of the port that is about presence and messages; what a membership provider makes. */
export interface Membership extends Closable {
  /** This node's own record. */
  readonly self: Member;
  /** What keeps `members` from being up to date, as a sentence for people; undefined: nothing that this node knows of. */
  readonly trouble?: string | undefined;
  /** All live members, this node included, oldest first (by startedAtMs, then id). */
  members(): readonly Member[];
  /** The oldest live member. */
  coordinator(): Member;
  /** Registers a handler; returns the function that removes it. Own changes raise no event. */
  on<Name extends keyof ClusterEvents>(event: Name, handler: ClusterEvents[Name]): () => void;
  /** Changes this node's own record and tells the others. */
  update(change: MemberUpdate): void;
  /**
   * Sends to every live member but this one. Members that join within REPLAY_MS get the message too.
   * Resolves once it is queued, not when it has arrived. @throws AppError when the body is too large.
   */
  broadcast(topic: string, body: ClusterMessage["body"]): ClusterMessage;
  /** Tells the others that this node leaves, then stops. */
  close(): Promise<void>;
}

/** The whole port: membership, replicated maps and leases. */
export interface Cluster extends Membership {
  /** The replicated map of that name; all members that use it share it. One at a time for each name and node. */
  map(name: string, options: ReplicatedMapOptions): ReplicatedMap;
  /** Claims a job that one node at a time may do; one claim for each job and node at a time. */
  lease(job: string, holder: LeaseHolder): LeaseClaim;
}

/** How long sent messages are kept for members that join later: WSO2's five minutes. */
export const REPLAY_MS = 5 * 60_000;
