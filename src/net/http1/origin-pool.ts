/**
 * The connections to one origin: at most so many, kept alive between requests, and a bounded queue of requests that
 * wait for one, first come first served. Waiting connections are a ConnectionPool's. Used by direct-client.ts.
 */
import type { Socket } from "node:net";
import type { Receive } from "./accepted-connection.ts";
import { ClientConnection } from "./client-connection.ts";
import { ConnectionPool } from "./connection-pool.ts";
import type { SendSlabs } from "./send-slabs.ts";
import type { TimerWheel } from "./timer-wheel.ts";

/** Whoever wants to send a request. It is told once. */
export interface ConnectionSeeker {
  /** The connection is the seeker's, which begins its request within the call. */
  onConnection(connection: ClientConnection): void;
  /** There will be none: the pool was closed. */
  onPoolClosed(): void;
}

export interface OriginPoolOptions {
  readonly wheel: TimerWheel;
  readonly isSecure: boolean;
  /** Makes a socket that is being connected; what it receives goes to `receive`. */
  readonly open: (receive: Receive) => Socket;
  /** Where what is overwritten after a write is copied to. */
  readonly slabs: SendSlabs;
  /** Most connections, those that wait included. */
  readonly connectionsMax: number;
  /** Most seekers that wait while all connections are busy. */
  readonly queueMax: number;
  /** How long a connection is kept without a request, in milliseconds. */
  readonly idleMs: number;
  /** Age after which a connection serves no other request, in milliseconds: a new one asks for the address anew. */
  readonly ageMs: number;
  /** No connection is open and nobody waits. */
  readonly onEmpty: () => void;
}

/** All connections of a pool go to the same place. */
const KEY = "";

export class OriginPool {
  readonly #options: OriginPoolOptions;
  readonly #idle: ConnectionPool;
  readonly #open = new Set<ClientConnection>();
  /** In the order in which they came. */
  readonly #waiting = new Set<ConnectionSeeker>();
  #closed = false;

  constructor(options: OriginPoolOptions) {
    const { wheel, idleMs, ageMs, connectionsMax } = options;
    this.#options = options;
    const limits = { idleCount: connectionsMax, requestCount: Infinity, ageMs, idleMs };
    this.#idle = new ConnectionPool(limits, wheel);
  }

  /** There will be no connection any more. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Connections that are open, in use or not. */
  get openCount(): number {
    return this.#open.size;
  }

  /** Seekers that wait. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  /**
   * Gives the seeker a connection, now or when one is free.
   * @param mayReuse false: a connection that waits will not do.
   * @returns false: too many wait already, or the pool is closed; the seeker hears nothing.
   */
  ask(seeker: ConnectionSeeker, mayReuse: boolean): boolean {
    if (this.#closed) return false;
    const { connectionsMax, queueMax } = this.#options;
    const kept = mayReuse ? this.#idle.take(KEY) : undefined;
    if (kept) seeker.onConnection(kept);
    else if (this.#open.size < connectionsMax) seeker.onConnection(this.#connect());
    else if (this.#waiting.size < queueMax) this.#waiting.add(seeker);
    else return false;
    return true;
  }

  /** The seeker waits no longer. */
  leave(seeker: ConnectionSeeker): void {
    this.#waiting.delete(seeker);
  }

  /** Ends all connections, with what is on its way on them. */
  close(): void {
    this.#closed = true;
    this.#idle.close();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const seeker of waiting) seeker.onPoolClosed();
    for (const { socket } of this.#open) socket.destroy();
  }

  #connect(): ClientConnection {
    const { wheel, isSecure, open, slabs } = this.#options;
    const connection = new ClientConnection({
      wheel,
      isSecure,
      open,
      slabs,
      onFree: (free) => this.#isFree(free),
      onClosed: (closed) => this.#isClosed(closed),
    });
    connection.poolKey = KEY;
    this.#open.add(connection);
    return connection;
  }

  #isFree(connection: ClientConnection): boolean {
    const { wheel, ageMs } = this.#options;
    if (this.#closed || connection.idleMsMax <= 0) return false;
    if (wheel.nowMs() - connection.openedMs > ageMs) return false;
    const next = this.#nextSeeker();
    if (!next) return this.#idle.give(connection);
    next.onConnection(connection);
    return true;
  }

  #isClosed(connection: ClientConnection): void {
    this.#idle.forget(connection);
    this.#open.delete(connection);
    const next = this.#nextSeeker();
    if (next) next.onConnection(this.#connect());
    else if (this.#open.size === 0) this.#options.onEmpty();
  }

  #nextSeeker(): ConnectionSeeker | undefined {
    const [next] = this.#waiting;
    if (next) this.#waiting.delete(next);
    return next;
  }
}
