/**
 * What `sticky learn` knows: session → server id, with the time of last use. A long session id is kept as its MD5, so
 * that each costs the same. Bounded by the size of the zone: the least recently used session goes first,
 * to the second. One table per zone (session-zones.ts).
 */
import { hash } from "node:crypto";
import type { Clock } from "../../runtime/clock.ts";
import { type BoundCount, BoundCounter } from "./bound-count.ts";

/** What a zone of `sticky learn` is to those who use it: kept by this gateway alone, or shared (shared-sessions.ts). */
export interface SessionBook {
  readonly size: number;
  /** Every gateway of the domain has the same sessions. */
  readonly isShared: boolean;
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
  /** Counts the sessions of these servers, and for how long each has been known here. Walks through all sessions. */
  countBound(serverIds: ReadonlySet<string>): ReadonlyMap<string, BoundCount>;
  close(): void;
}

/** Bytes that one session costs of a zone: about 8000 sessions per megabyte, as in nginx. */
export const SESSION_BYTES = 128;

interface Session {
  readonly key: string;
  readonly createdMs: number;
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
  readonly isShared = false;
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

  countBound(serverIds: ReadonlySet<string>): ReadonlyMap<string, BoundCount> {
    const counter = new BoundCounter(serverIds, this.#clock.monotonicMs());
    for (const { serverId, createdMs } of this.#sessions.values()) counter.add(serverId, createdMs);
    return counter.counts;
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
    const times = { createdMs: nowMs, usedMs: nowMs, orderedMs: nowMs };
    this.#sessions.set(key, { key, serverId, ...times });
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
