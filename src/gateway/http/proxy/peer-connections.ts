/**
 * Connections to the peers of a cycle, new or kept: one pool per upstream, told apart by address, local address
 * and way of checking certificates, so that a connection whose peer was checked under one name never
 * serves a request that asks for another.
 */
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { ClientConnection } from "../../../net/http1/client-connection.ts";
import { ConnectionPool } from "../../../net/http1/connection-pool.ts";
import type { Receive } from "../../../net/http1/accepted-connection.ts";
import type { SocketReads } from "../../../net/http1/shared-reads.ts";
import type { TimerWheel } from "../../../net/http1/timer-wheel.ts";
import type { Peer } from "../../upstream/peer.ts";
import type { UpstreamConfig } from "../../upstream/upstream-config.ts";
import { isUnixAddress, unixPathOf } from "../listen-address.ts";
import type { PeerTls } from "./peer-tls.ts";

export interface PeerTarget {
  readonly upstream: Pick<UpstreamConfig, "name" | "keepalive">;
  readonly peer: Peer;
  /** Undefined: plain HTTP. */
  readonly tls: PeerTls | undefined;
  /** Address of this side; undefined: the system chooses. */
  readonly localAddress: string | undefined;
}

/** A side of a tunnel may end before the other. */
const HALF_OPEN = { allowHalfOpen: true };
/** Most TLS sessions that are kept for resumption. */
const SESSION_COUNT_MAX = 1_000;

export class PeerConnections {
  readonly #wheel: TimerWheel;
  readonly #reads: SocketReads;
  /** By name of the upstream. */
  readonly #pools = new Map<string, ConnectionPool>();
  /** TLS sessions by key of the connection. */
  readonly #sessions = new Map<string, Buffer>();

  constructor(wheel: TimerWheel, reads: SocketReads) {
    this.#wheel = wheel;
    this.#reads = reads;
  }

  /** A kept connection, or a new one where there is none or `mayReuse` is false; the caller begins a request on it. */
  take(target: PeerTarget, mayReuse: boolean): ClientConnection {
    const pool = this.#poolOf(target.upstream);
    const key = keyOf(target);
    return (mayReuse ? pool.take(key) : undefined) ?? this.#open(target, pool, key);
  }

  close(): void {
    for (const pool of this.#pools.values()) pool.close();
    this.#pools.clear();
  }

  #poolOf({ name, keepalive }: PeerTarget["upstream"]): ConnectionPool {
    // Without connections to keep one pool is as good as another, and names from variables are many.
    const poolName = keepalive.idleCount === 0 ? "" : name;
    const known = this.#pools.get(poolName);
    if (known) return known;
    const pool = new ConnectionPool(keepalive, this.#wheel);
    this.#pools.set(poolName, pool);
    return pool;
  }

  #open(target: PeerTarget, pool: ConnectionPool, key: string): ClientConnection {
    const { tls } = target;
    const connection = new ClientConnection({
      wheel: this.#wheel,
      isSecure: tls !== undefined,
      open: (receive) =>
        tls ? this.#connectTls(target, tls, { key, receive }) : this.#connect(target, receive),
      onFree: (free) => pool.give(free),
      onClosed: (closed) => pool.forget(closed),
    });
    connection.poolKey = key;
    return connection;
  }

  #connect({ peer, localAddress }: PeerTarget, receive: Receive): Socket {
    const options = { ...addressOf(peer, localAddress), noDelay: true, allowHalfOpen: true };
    return this.#reads.connect(options, receive);
  }

  #connectTls(
    { peer, localAddress }: PeerTarget,
    tls: PeerTls,
    { key, receive }: { readonly key: string; readonly receive: Receive },
  ): Socket {
    const session = tls.reusesSessions ? this.#sessions.get(key) : undefined;
    const socket = connectTls({
      ...addressOf(peer, localAddress),
      ...HALF_OPEN,
      ...tls.connectOptions,
      ...(session === undefined ? {} : { session }),
    });
    socket.setNoDelay(true);
    socket.on("data", receive);
    if (tls.reusesSessions) socket.on("session", (fresh: Buffer) => this.#keepSession(key, fresh));
    return socket;
  }

  #keepSession(key: string, session: Buffer): void {
    this.#sessions.delete(key);
    this.#sessions.set(key, session);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > SESSION_COUNT_MAX && oldest !== undefined) {
      this.#sessions.delete(oldest);
    }
  }
}

function addressOf({ config: { host, port } }: Peer, localAddress: string | undefined) {
  if (isUnixAddress(host)) return { path: unixPathOf(host) };
  return localAddress === undefined ? { host, port } : { host, port, localAddress };
}

function keyOf({ peer, tls, localAddress }: PeerTarget): string {
  if (tls === undefined && localAddress === undefined) return peer.address;
  return `${peer.address} ${localAddress ?? ""} ${tls?.id ?? ""}`;
}
