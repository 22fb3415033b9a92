/** What the configuration says about an upstream; the running form is upstream.ts. */
import type { Template } from "../nginx/template.ts";

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
}

export interface PeerConfig extends PeerOptions {
  /** An IP address. */
  readonly host: string;
  readonly port: number;
}

/** `cluster_servers SUBDOMAIN http|https`: the live members of a sub-domain are peers. */
export interface ClusterServersConfig extends PeerOptions {
  readonly subDomain: string;
  readonly scheme: "http" | "https";
}

/** `sticky learn`. */
export interface StickyLearnConfig {
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
}

export interface UpstreamConfig {
  readonly name: string;
  readonly peers: readonly PeerConfig[];
  readonly clusterServers: readonly ClusterServersConfig[];
  readonly sticky: StickyLearnConfig | undefined;
  /** Idle connections kept to all peers together. Default: 32. */
  readonly keepaliveCount: number;
}
