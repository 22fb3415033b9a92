/**
 * Connections to peers that wait for their next request: at most `idleCount` over all peers together, the one used
 * last first, the one idle longest closed beyond that (ngx_http_upstream_keepalive_module). A key says what a
 * connection is good for: the peer's address, and for TLS how its certificate was checked.
 */
import type { ClientConnection } from "./client-connection.ts";
import type { TimerWheel } from "./timer-wheel.ts";

/** Times in milliseconds. */
export interface PoolLimits {
  /** 0: none is kept. */
  readonly idleCount: number;
  /** Requests that one connection serves. */
  readonly requestCount: number;
  /** Age after which a connection is not kept any more. */
  readonly ageMs: number;
  /** Idle time after which it is closed. */
  readonly idleMs: number;
}

/** Keys without a waiting connection that are remembered; there are as many as peers, but for TLS by variables. */
const KEPT_KEYS_MAX = 256;

export class ConnectionPool {
  readonly #limits: PoolLimits;
  readonly #wheel: TimerWheel;
  /** Those that wait, by key, the one idle longest first. */
  readonly #byKey = new Map<string, ClientConnection[]>();
  #count = 0;
  #order = 0;
  #closed = false;

  constructor(limits: PoolLimits, wheel: TimerWheel) {
    this.#limits = limits;
    this.#wheel = wheel;
  }

  /** Connections that wait. */
  get idleCount(): number {
    return this.#count;
  }

  /** The connection for the key that was used last; it is the caller's now. */
  take(key: string): ClientConnection | undefined {
    const known = this.#byKey.get(key);
    let connection = known?.pop();
    if (connection) this.#count--;
    // Its end is known, and "close" is still on its way.
    while (connection?.socket.destroyed === true) {
      connection = known?.pop();
      if (connection) this.#count--;
    }
    if (known?.length === 0 && this.#byKey.size > KEPT_KEYS_MAX) this.#byKey.delete(key);
    return connection;
  }

  /** A request is over. @returns false: the connection is not kept, and the caller closes it. */
  give(connection: ClientConnection): boolean {
    const { idleCount, requestCount, ageMs, idleMs } = this.#limits;
    if (this.#closed || idleCount === 0 || connection.requestCount >= requestCount) return false;
    if (connection.idleMsMax <= 0) return false;
    if (this.#wheel.nowMs() - connection.openedMs > ageMs) return false;
    const known = this.#byKey.get(connection.poolKey);
    if (known) known.push(connection);
    else this.#byKey.set(connection.poolKey, [connection]);
    this.#count++;
    connection.poolOrder = ++this.#order;
    connection.waitIdle(Math.min(idleMs, connection.idleMsMax));
    if (this.#count > idleCount) this.#closeOldest();
    return true;
  }

  /** The connection is closed, whether it waited or not. */
  forget(connection: ClientConnection): void {
    const known = this.#byKey.get(connection.poolKey);
    const at = known?.indexOf(connection) ?? -1;
    if (!known || at === -1) return;
    known.splice(at, 1);
    this.#count--;
    if (known.length === 0) this.#byKey.delete(connection.poolKey);
  }

  /** Closes what waits; what is in use is closed when it comes back. */
  close(): void {
    this.#closed = true;
    const waiting = [...this.#byKey.values()].flat();
    this.#byKey.clear();
    this.#count = 0;
    for (const connection of waiting) connection.destroy();
  }

  #closeOldest(): void {
    let oldest: ClientConnection | undefined;
    for (const [first] of this.#byKey.values()) {
      if (first && (!oldest || first.poolOrder < oldest.poolOrder)) oldest = first;
    }
    if (!oldest) return;
    this.forget(oldest);
    oldest.destroy();
  }
}
