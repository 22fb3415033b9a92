/**
 * Kept connections to peers: one pool per upstream and way of checking certificates, so that a connection
 * whose peer was checked under one name never serves a request that asks for another.
 */
import { type Agent, type AgentOptions, type ClientRequest, Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../../../runtime/clock.ts";
import type { KeepaliveConfig, UpstreamConfig } from "../../upstream/upstream-config.ts";
import { IdleConnections } from "./idle-connections.ts";
import type { PeerTls } from "./peer-tls.ts";

/** Most pools; beyond it the oldest is closed. */
const POOL_COUNT_MAX = 256;

export class PeerAgents {
  readonly #clock: Clock;
  readonly #pools = new Map<string, Agent>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The pool for requests to that upstream; undefined: it keeps no connections. */
  agentFor(
    { name, keepalive }: Pick<UpstreamConfig, "name" | "keepalive">,
    tls: PeerTls | undefined,
  ): Agent | undefined {
    if (keepalive.idleCount === 0) return undefined;
    const key = JSON.stringify([name, tls && { ...tls, key: undefined }]);
    const known = this.#pools.get(key);
    if (known) return known;
    const idle = new IdleConnections(keepalive, this.#clock);
    const agent = tls ? new TlsAgent(idle, keepalive) : new PlainAgent(idle, keepalive);
    this.#pools.set(key, agent);
    this.#closeOldest();
    return agent;
  }

  close(): void {
    for (const agent of this.#pools.values()) agent.destroy();
    this.#pools.clear();
  }

  /** Requests in progress on the closed pool fail; 256 upstreams and names are far beyond real use. */
  #closeOldest(): void {
    const [oldest] = this.#pools;
    if (this.#pools.size <= POOL_COUNT_MAX || !oldest) return;
    this.#pools.delete(oldest[0]);
    oldest[1].destroy();
  }
}

/** The limits are those of IdleConnections, over all peers: Node's own count each peer for itself. */
const OPTIONS: AgentOptions = {
  keepAlive: true,
  maxFreeSockets: Number.POSITIVE_INFINITY,
  scheduling: "lifo",
};

type Created = ReturnType<HttpAgent["createConnection"]>;

class PlainAgent extends HttpAgent {
  readonly #idle: IdleConnections;
  readonly #idleMs: number;

  constructor(idle: IdleConnections, { idleMs }: KeepaliveConfig) {
    super(OPTIONS);
    this.#idle = idle;
    this.#idleMs = idleMs;
  }

  override createConnection(...input: Parameters<HttpAgent["createConnection"]>): Created {
    return noteOpened(this.#idle, super.createConnection(...input));
  }

  override keepSocketAlive(connection: Duplex): boolean {
    super.keepSocketAlive(connection);
    return keepFor(this.#idle, connection, this.#idleMs);
  }

  override reuseSocket(connection: Duplex, request: ClientRequest): void {
    this.#idle.noteReused(connection);
    super.reuseSocket(connection, request);
  }
}

class TlsAgent extends HttpsAgent {
  readonly #idle: IdleConnections;
  readonly #idleMs: number;

  constructor(idle: IdleConnections, { idleMs }: KeepaliveConfig) {
    super(OPTIONS);
    this.#idle = idle;
    this.#idleMs = idleMs;
  }

  override createConnection(...input: Parameters<HttpsAgent["createConnection"]>): Created {
    return noteOpened(this.#idle, super.createConnection(...input));
  }

  override keepSocketAlive(connection: Duplex): boolean {
    super.keepSocketAlive(connection);
    return keepFor(this.#idle, connection, this.#idleMs);
  }

  override reuseSocket(connection: Duplex, request: ClientRequest): void {
    this.#idle.noteReused(connection);
    super.reuseSocket(connection, request);
  }
}

function noteOpened(idle: IdleConnections, connection: Created): Created {
  if (connection) idle.noteOpened(connection);
  return connection;
}

/** The agent closes an idle connection whose time is over. */
function keepFor(idle: IdleConnections, connection: Duplex, idleMs: number): boolean {
  if (!idle.keep(connection)) return false;
  if (connection instanceof Socket) connection.setTimeout(idleMs);
  return true;
}
