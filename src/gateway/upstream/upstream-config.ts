/** What the configuration says about an upstream; the running form is upstream.ts. */
import type { Template } from "../nginx/template.ts";
import type { ResolverConfig } from "../resolver/resolver-config.ts";
import type { Standing } from "./live-revision.ts";

/** Options of one `server` of an upstream (or of `cluster_servers`). */
export interface PeerOptions {
  /** From 1 on. Default: 1. */
  readonly weight: number;
  /** Failures within `failTimeoutMs` that take the peer out; 0: never. Default: 1. */
  readonly maxFails: number;
  /** Also how long the peer stays out. Default: 10 s. */
  readonly failTimeoutMs: number;
  /** Requests at a time; 0: no limit. Default: 0. */
  readonly connectionsMax: number;
  readonly backup: boolean;
  readonly down: boolean;
  /** Only sessions that are bound to it reach the peer. */
  readonly drain: boolean;
  /** The server id, 1 to 32 characters; undefined: MD5 of the address. */
  readonly route: string | undefined;
}

export interface PeerConfig extends PeerOptions {
  /** The server as written: what consistent hashing puts on its ring. */
  readonly name: string;
  /** An IP address, or "unix:" and a path. */
  readonly host: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  /** The member of the cluster that it is. Absent: none. */
  readonly member?: PeerMember;
}

/** What counts of the member that a peer is. */
export interface PeerMember {
  /** Of its process: another one after a restart. Absent: it is not known. */
  readonly id?: string | undefined;
  /** The name of the node; undefined: its sessions are not told. */
  readonly node: string | undefined;
  readonly state: string;
  /** Undefined: revisions do not matter for it. */
  readonly standing: Standing | undefined;
  /** The peer drains because the member does, and for no other reason. */
  readonly drainsAsMember: boolean;
}

/** `cluster_servers SUBDOMAIN http|https`: the live members of a sub-domain are peers. */
export interface ClusterServersConfig extends PeerOptions {
  readonly subDomain: string;
  readonly scheme: "http" | "https";
}

/** `server NAME resolve`: the addresses of the name are peers, and change with it. */
export interface ResolvedServerConfig {
  /** Of each of the peers. */
  readonly options: PeerOptions;
  /** The server as written. */
  readonly name: string;
  readonly host: string;
  /** Of a service the places have ports of their own. */
  readonly port: number;
  /** `service=`; undefined: the name is a host's. */
  readonly service: string | undefined;
  readonly resolver: ResolverConfig;
  /** How long an answer is waited for, and the pause after an error. Milliseconds. */
  readonly timeoutMs: number;
}

/** `least_conn`, `ip_hash`, `hash`, `random`; without any of them the round robin. */
export type BalancingMethod =
  | { readonly kind: "round_robin" | "least_conn" | "ip_hash" }
  | { readonly kind: "hash"; readonly key: Template; readonly consistent: boolean }
  | { readonly kind: "random"; readonly two: boolean };

/** `sticky cookie`. */
export interface StickyCookieConfig {
  readonly kind: "cookie";
  readonly name: string;
  /** Milliseconds from now; undefined: as long as the browser runs. */
  readonly expires: number | "max" | undefined;
  readonly domain: Template | undefined;
  readonly path: Template | undefined;
  readonly sameSite: Template | undefined;
  readonly httpOnly: boolean;
  readonly secure: boolean;
}

/** `sticky route`. */
export interface StickyRouteConfig {
  readonly kind: "route";
  /** The first non-empty value is the server id. */
  readonly variables: readonly Template[];
}

/** `sticky learn`. */
export interface StickyLearnConfig {
  readonly kind: "learn";
  /** The first non-empty value is the session that a response makes known. */
  readonly create: readonly Template[];
  /** The first non-empty value is the session that a request belongs to. */
  readonly lookup: readonly Template[];
  readonly zoneName: string;
  readonly zoneBytes: number;
  /** Idle time after which a session is forgotten. Default: 10 minutes. */
  readonly timeoutMs: number;
  /** Learn when the head of the response is there, not at its end. */
  readonly atHead: boolean;
  /** `sync`: the gateways of the cluster's domain share the zone. */
  readonly shared: boolean;
}

export type StickyConfig = StickyCookieConfig | StickyRouteConfig | StickyLearnConfig;

/** Idle connections to the peers of an upstream. */
export interface KeepaliveConfig {
  /** To all peers together; 0: none is kept. Default: 32. */
  readonly idleCount: number;
  /** Requests that one connection serves. Default: 1000. */
  readonly requestCount: number;
  /** Age after which a connection is not kept any more. Default: 1 h. */
  readonly ageMs: number;
  /** Idle time after which it is closed. Default: 60 s. */
  readonly idleMs: number;
}

export interface UpstreamConfig {
  readonly name: string;
  readonly method: BalancingMethod;
  readonly peers: readonly PeerConfig[];
  readonly clusterServers: readonly ClusterServersConfig[];
  readonly resolvedServers: readonly ResolvedServerConfig[];
  readonly sticky: StickyConfig | undefined;
  readonly keepalive: KeepaliveConfig;
}
