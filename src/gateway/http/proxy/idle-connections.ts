/**
 * Which connections to peers are kept after a response: the rules of `keepalive`, `keepalive_requests`,
 * `keepalive_time` and `keepalive_timeout` of an upstream. Used by the agents of peer-agents.ts; one
 * object per agent. Beyond the limit the connection that was idle longest is closed
 * (ngx_http_upstream_keepalive_module).
 */
import type { Duplex } from "node:stream";
import type { Clock } from "../../../runtime/clock.ts";
import type { KeepaliveConfig } from "../../upstream/upstream-config.ts";

interface ConnectionUse {
  readonly openedMs: number;
  requestCount: number;
}

export class IdleConnections {
  readonly #config: KeepaliveConfig;
  readonly #clock: Clock;
  readonly #uses = new WeakMap<Duplex, ConnectionUse>();
  /** In the order in which they became idle. */
  readonly #idle = new Set<Duplex>();

  constructor(config: KeepaliveConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
  }

  noteOpened(connection: Duplex): void {
    this.#uses.set(connection, { openedMs: this.#clock.monotonicMs(), requestCount: 0 });
    connection.once("close", () => this.#idle.delete(connection));
  }

  /** A request is over. @returns true: the connection waits for the next one. */
  keep(connection: Duplex): boolean {
    const use = this.#uses.get(connection);
    const { requestCount, ageMs, idleCount } = this.#config;
    if (!use) return false;
    use.requestCount++;
    const isTooOld = this.#clock.monotonicMs() - use.openedMs > ageMs;
    if (use.requestCount >= requestCount || isTooOld) return false;
    this.#idle.add(connection);
    const [oldest] = this.#idle;
    if (this.#idle.size > idleCount) oldest?.destroy();
    if (this.#idle.size > idleCount && oldest) this.#idle.delete(oldest);
    return true;
  }

  /** The connection serves a request again. */
  noteReused(connection: Duplex): void {
    this.#idle.delete(connection);
  }
}
