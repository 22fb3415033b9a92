/**
 * One server of an upstream: its configuration and what is known of its health. The counters live in
 * `PeerHealth`, which outlives configurations: a reload hands it to the peer with the same address.
 * Implements the bookkeeping of ngx_http_upstream_free_round_robin_peer.
 */
import { createHash } from "node:crypto";
import { formatAddress, isUnixAddress } from "../http/listen-address.ts";
import type { PeerConfig } from "./upstream-config.ts";

/** Times are monotonic milliseconds. */
export interface PeerHealth {
  /** Failures since the last success that counts. */
  fails: number;
  /** The last failure. */
  failedMs: number;
  /** The start of the current time window for `fails`. */
  checkedMs: number;
  /** Smooth weighted round robin: what the peer has saved up. */
  currentWeight: number;
  /** The configured weight, lowered by failures, restored step by step. */
  effectiveWeight: number;
  /** Requests in progress. */
  active: number;
}

export class Peer {
  readonly config: PeerConfig;
  /** "host:port", "unix:/path". */
  readonly address: string;
  /** As it stands in URLs of log lines. */
  readonly urlHost: string;
  /** What sessions are bound to: `route=`, or MD5 of the address, so that it is the same on every gateway. */
  readonly serverId: string;
  readonly health: PeerHealth;

  constructor(config: PeerConfig, health?: PeerHealth) {
    this.config = config;
    this.address = formatAddress(config);
    this.urlHost = isUnixAddress(config.host) ? `${this.address}:` : this.address;
    this.serverId = config.route ?? createHash("md5").update(this.address).digest("hex");
    this.health = health ?? {
      fails: 0,
      failedMs: 0,
      checkedMs: 0,
      currentWeight: 0,
      effectiveWeight: config.weight,
      active: 0,
    };
  }

  /** May get a request: not down, not taken out by failures, below its limit. */
  isAvailable(nowMs: number): boolean {
    const { down, maxFails, failTimeoutMs } = this.config;
    const { fails, checkedMs } = this.health;
    if (down || this.isFull) return false;
    return maxFails === 0 || fails < maxFails || nowMs - checkedMs > failTimeoutMs;
  }

  /** At `max_conns`. */
  get isFull(): boolean {
    const { connectionsMax } = this.config;
    return connectionsMax > 0 && this.health.active >= connectionsMax;
  }

  /** The peer was chosen: opens a new time window when the old one is over. */
  noteChosen(nowMs: number): void {
    if (nowMs - this.health.checkedMs > this.config.failTimeoutMs) this.health.checkedMs = nowMs;
  }

  noteSuccess(): void {
    if (this.health.failedMs < this.health.checkedMs) this.health.fails = 0;
  }

  /** @returns true when this failure takes the peer out. */
  noteFailure(nowMs: number): boolean {
    const { weight, maxFails } = this.config;
    const { health } = this;
    health.fails++;
    health.failedMs = nowMs;
    health.checkedMs = nowMs;
    if (maxFails === 0) return false;
    const lowered = health.effectiveWeight - Math.floor(weight / maxFails);
    health.effectiveWeight = Math.max(0, lowered);
    return health.fails >= maxFails;
  }
}
