/**
 * The sessions of a zone that the gateways of a domain share (`sticky learn ... sync`): looked up in this gateway's own
 * copy, written through the replicated map. A session that is not known here is asked for at the other
 * gateways once, within a bound, before its request is balanced anew.
 */
import { hash } from "node:crypto";
import type { MapStore, ReplicatedMap } from "../../cluster/replicated-map.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { BoundCount } from "./bound-count.ts";
import { SHARED_SESSION_BYTES } from "./session-columns.ts";
import type { SessionBook } from "./session-table.ts";
import { SharedSessionStore } from "./shared-session-store.ts";

/**
 * How long a request waits for the answer of the other gateways, in milliseconds. Longer finds sessions on slow networks
 * and lets clients with unknown session ids wait while a gateway does not answer.
 */
export const ASK_MS = 100;
/** Questions under way at a time; further requests are balanced at once. */
const ASKED_MAX = 1_000;
/** For so long a session that nobody knew is not asked for again. */
const UNKNOWN_MS = 10_000;
/** Unknown sessions that are remembered, at most; the oldest goes first. */
const UNKNOWN_MAX = 10_000;

/** Opens the map of a zone; the command makes it of the cluster. */
export type SessionSharing = (zone: string, store: MapStore) => ReplicatedMap;

export interface SharedSessionOptions {
  readonly zone: string;
  readonly bytes: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly share: SessionSharing;
}

export class SharedSessions implements SessionBook {
  readonly isShared = true;
  readonly #clock: Clock;
  readonly #store: SharedSessionStore;
  readonly #map: ReplicatedMap;
  readonly #asked = new Map<string, Promise<unknown>>();
  /** When each was asked for in vain, oldest first. */
  readonly #unknown = new Map<string, number>();
  #timeoutMs: number;
  #isClosed = false;

  constructor({ zone, bytes, timeoutMs, clock, share }: SharedSessionOptions) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#store = new SharedSessionStore(clock, capacityOf(bytes));
    this.#map = share(zone, this.#store);
  }

  get size(): number {
    return this.#store.size;
  }

  configure(bytes: number, timeoutMs: number): void {
    this.#timeoutMs = timeoutMs;
    this.#store.resize(capacityOf(bytes));
  }

  find(sessionId: string): string | undefined {
    return this.#store.get(this.#keyOf(sessionId));
  }

  bind(sessionId: string, serverId: string, mayCreate: boolean): void {
    const key = this.#keyOf(sessionId);
    const known = this.#store.get(key);
    // Requests of an old configuration may end after a reload that ended the sharing.
    if (this.#isClosed || (known === undefined && !mayCreate)) return;
    if (known !== serverId) this.#map.set(key, serverId, this.#timeoutMs);
    else if (this.#store.refresh(key)) this.#map.touch(key, this.#timeoutMs);
  }

  /** Undefined: it is known here, or there is no point in asking. The promise is fulfilled when the asking is over. */
  seek(sessionId: string): Promise<unknown> | undefined {
    const key = this.#keyOf(sessionId);
    if (this.#store.get(key) !== undefined) return undefined;
    const asked = this.#asked.get(key);
    if (asked) return asked;
    if (this.#isClosed || this.#asked.size >= ASKED_MAX || this.#isUnknown(key)) return undefined;
    const asking = this.#ask(key);
    this.#asked.set(key, asking);
    return asking;
  }

  /** The map does so itself. */
  purge(): void {}

  *sessions(): Iterable<readonly [sessionId: string, serverId: string]> {
    for (const { key, value } of this.#store.entries()) {
      if (value !== undefined) yield [key, value];
    }
  }

  countBound(serverIds: ReadonlySet<string>): ReadonlyMap<string, BoundCount> {
    return this.#store.countBound(serverIds);
  }

  close(): void {
    this.#isClosed = true;
    void this.#map.close();
  }

  async #ask(key: string): Promise<void> {
    const found = await this.#map.ask(key, ASK_MS);
    this.#asked.delete(key);
    if (found !== undefined) return;
    this.#unknown.delete(key);
    this.#unknown.set(key, this.#clock.monotonicMs());
    const [oldest] = this.#unknown.keys();
    if (oldest !== undefined && this.#unknown.size > UNKNOWN_MAX) this.#unknown.delete(oldest);
  }

  /** A session id that fits no slot is kept as its MD5. */
  #keyOf(sessionId: string): string {
    return this.#store.fits(sessionId) ? sessionId : hash("md5", sessionId, "base64");
  }

  #isUnknown(key: string): boolean {
    const askedMs = this.#unknown.get(key);
    return askedMs !== undefined && this.#clock.monotonicMs() - askedMs < UNKNOWN_MS;
  }
}

function capacityOf(bytes: number): number {
  return Math.floor(bytes / SHARED_SESSION_BYTES);
}
