/**
 * What `sticky learn` knows: session → server id, with the time of last use. A long session id is kept as its MD5, so
 * that each costs the same. Bounded by the size of the zone: the least recently used session goes first,
 * to the second. One table per zone; tables outlive a reload.
 */
import { hash } from "node:crypto";
import type { Clock, Timer } from "../../runtime/clock.ts";

/** Bytes that one session costs of a zone: about 8000 sessions per megabyte, as in nginx. */
export const SESSION_BYTES = 128;

interface Session {
  readonly key: string;
  serverId: string;
  usedMs: number;
  /** When it was moved to the end of the order. */
  orderedMs: number;
}

/** A session that was moved so lately stays where it is. */
const ORDER_MS = 1_000;
/** Longer ids are hashed. */
const KEY_LENGTH_MAX = 64;

export class SessionTable {
  readonly #clock: Clock;
  #sizeMax: number;
  #timeoutMs: number;
  /** In the order of last use, to the second. */
  readonly #sessions = new Map<string, Session>();

  constructor(clock: Clock, zoneBytes: number, timeoutMs: number) {
    this.#clock = clock;
    this.#sizeMax = Math.floor(zoneBytes / SESSION_BYTES);
    this.#timeoutMs = timeoutMs;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Takes over the numbers of a new configuration; sessions and their ages stay. */
  configure(zoneBytes: number, timeoutMs: number): void {
    this.#sizeMax = Math.floor(zoneBytes / SESSION_BYTES);
    this.#timeoutMs = timeoutMs;
    this.#makeRoom(0);
  }

  /** The server that the session is bound to. */
  find(sessionId: string): string | undefined {
    return this.#sessions.get(keyOf(sessionId))?.serverId;
  }

  /** Binds the session to the server and refreshes it. `mayCreate` false: only if it is known. */
  bind(sessionId: string, serverId: string, mayCreate: boolean): void {
    const known = this.#sessions.get(keyOf(sessionId));
    if (known) this.#refresh(known, serverId);
    else if (mayCreate) this.#create(keyOf(sessionId), serverId);
  }

  /** Forgets the sessions whose idle time is over. */
  purge(): void {
    const oldestMs = this.#clock.monotonicMs() - this.#timeoutMs;
    for (const [key, session] of this.#sessions) {
      if (session.orderedMs > oldestMs) return;
      if (session.usedMs <= oldestMs) this.#sessions.delete(key);
    }
  }

  #refresh(session: Session, serverId: string): void {
    const nowMs = this.#clock.monotonicMs();
    session.serverId = serverId;
    session.usedMs = nowMs;
    if (nowMs - session.orderedMs < ORDER_MS) return;
    session.orderedMs = nowMs;
    this.#sessions.delete(session.key);
    this.#sessions.set(session.key, session);
  }

  #create(slice: string, serverId: string): void {
    this.#makeRoom(1);
    // A copy: a slice would keep the whole head that it was cut from.
    const key = Buffer.from(slice, "latin1").toString("latin1");
    const nowMs = this.#clock.monotonicMs();
    this.#sessions.set(key, { key, serverId, usedMs: nowMs, orderedMs: nowMs });
  }

  #makeRoom(count: number): void {
    for (const key of this.#sessions.keys()) {
      if (this.#sessions.size + count <= this.#sizeMax) return;
      this.#sessions.delete(key);
    }
  }
}

function keyOf(sessionId: string): string {
  return sessionId.length <= KEY_LENGTH_MAX ? sessionId : hash("md5", sessionId, "base64");
}

/** How often idle sessions are looked for. */
const PURGE_INTERVAL_MS = 1_000;

/** The tables of all zones by name, and the timer that purges them. */
export class SessionZones {
  readonly #clock: Clock;
  readonly #tables = new Map<string, SessionTable>();
  readonly #timer: Timer;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#timer = clock.every(PURGE_INTERVAL_MS, () => {
      for (const table of this.#tables.values()) table.purge();
    });
  }

  /** The zone's table, made when there is none, with the numbers given. */
  open(name: string, zoneBytes: number, timeoutMs: number): SessionTable {
    const table = this.#tables.get(name) ?? new SessionTable(this.#clock, zoneBytes, timeoutMs);
    table.configure(zoneBytes, timeoutMs);
    this.#tables.set(name, table);
    return table;
  }

  /** Drops the tables of zones that no configuration has any more. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#tables.keys()) if (!names.has(name)) this.#tables.delete(name);
  }

  close(): void {
    this.#timer.cancel();
  }
}
