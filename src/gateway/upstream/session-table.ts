/**
 * What `sticky learn` knows: session → server id, with the time of last use. A long session id is kept as its MD5, so
 * that each costs the same. Bounded by the size of the zone: the least recently used session goes first,
 * to the second. One table per zone (session-zones.ts).
 */
import { hash } from "node:crypto";
import type { Clock } from "../../runtime/clock.ts";

/** What a zone of `sticky learn` is to those who use it: kept by this gateway alone, or shared (shared-sessions.ts). */
export interface SessionBook {
  readonly size: number;
  /** Takes over the numbers of a new configuration; sessions and their ages stay. */
  configure(zoneBytes: number, timeoutMs: number): void;
  /** The server that the session is bound to. */
  find(sessionId: string): string | undefined;
  /** Binds the session to the server and refreshes it. `mayCreate` false: only if it is known. */
  bind(sessionId: string, serverId: string, mayCreate: boolean): void;
  /**
   * Looks for an unknown session elsewhere; never rejects. Undefined: there is nothing to wait for. Absent: sessions are
   * nowhere else.
   */
  seek?(sessionId: string): Promise<unknown> | undefined;
  /** Forgets the sessions whose idle time is over. */
  purge(): void;
  sessions(): Iterable<readonly [sessionId: string, serverId: string]>;
  close(): void;
}

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

export class SessionTable implements SessionBook {
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

  configure(zoneBytes: number, timeoutMs: number): void {
    this.#sizeMax = Math.floor(zoneBytes / SESSION_BYTES);
    this.#timeoutMs = timeoutMs;
    this.#makeRoom(0);
  }

  find(sessionId: string): string | undefined {
    return this.#sessions.get(keyOf(sessionId))?.serverId;
  }

  bind(sessionId: string, serverId: string, mayCreate: boolean): void {
    const known = this.#sessions.get(keyOf(sessionId));
    if (known) this.#refresh(known, serverId);
    else if (mayCreate) this.#create(keyOf(sessionId), serverId);
  }

  purge(): void {
    const oldestMs = this.#clock.monotonicMs() - this.#timeoutMs;
    for (const [key, session] of this.#sessions) {
      if (session.orderedMs > oldestMs) return;
      if (session.usedMs <= oldestMs) this.#sessions.delete(key);
    }
  }

  *sessions(): Iterable<readonly [sessionId: string, serverId: string]> {
    for (const { key, serverId } of this.#sessions.values()) yield [key, serverId];
  }

  close(): void {}

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
