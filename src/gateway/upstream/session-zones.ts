/**
 * The session tables of all zones by name, and the timer that purges them. Tables outlive a reload; a zone that is
 * shared from now on, or no longer, takes its sessions along.
 */
import type { Clock, Timer } from "../../runtime/clock.ts";
import { type SessionBook, SessionTable } from "./session-table.ts";
import { type SessionSharing, SharedSessions } from "./shared-sessions.ts";
import type { StickyLearnConfig } from "./upstream-config.ts";

/** How often idle sessions are looked for. */
const PURGE_INTERVAL_MS = 1_000;

type ZoneConfig = Pick<StickyLearnConfig, "zoneName" | "zoneBytes" | "timeoutMs" | "shared">;

export class SessionZones {
  readonly #clock: Clock;
  readonly #share: SessionSharing | undefined;
  readonly #tables = new Map<string, SessionBook>();
  readonly #timer: Timer;

  /** @param share undefined: the gateway is in no cluster, and every zone is its own. */
  constructor(clock: Clock, share?: SessionSharing) {
    this.#clock = clock;
    this.#share = share;
    this.#timer = clock.every(PURGE_INTERVAL_MS, () => {
      for (const table of this.#tables.values()) table.purge();
    });
  }

  /** The zone's table, made when there is none, with the numbers given. */
  open(config: ZoneConfig): SessionBook {
    const { zoneName, zoneBytes, timeoutMs, shared } = config;
    const before = this.#tables.get(zoneName);
    const isShared = shared && this.#share !== undefined;
    if (before && before instanceof SharedSessions === isShared) {
      before.configure(zoneBytes, timeoutMs);
      return before;
    }
    const table = this.#make(config);
    for (const [sessionId, serverId] of before?.sessions() ?? []) {
      table.bind(sessionId, serverId, true);
    }
    before?.close();
    this.#tables.set(zoneName, table);
    return table;
  }

  /** Drops the tables of zones that no configuration has any more. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const [name, table] of this.#tables) {
      if (names.has(name)) continue;
      this.#tables.delete(name);
      table.close();
    }
  }

  close(): void {
    this.#timer.cancel();
    this.keepOnly(new Set());
  }

  #make({ zoneName: zone, zoneBytes: bytes, timeoutMs, shared }: ZoneConfig): SessionBook {
    const clock = this.#clock;
    const share = this.#share;
    if (!shared || !share) return new SessionTable(clock, bytes, timeoutMs);
    return new SharedSessions({ zone, bytes, timeoutMs, clock, share });
  }
}
