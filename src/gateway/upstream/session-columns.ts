/** The numbers that a shared session table keeps beside each key, in typed arrays under the number of the key's slot. */
import { SessionSlots } from "./session-slots.ts";

/** Bytes of one session, its key and its links included. */
export const SHARED_SESSION_BYTES = 100;

export class SessionColumns {
  readonly slots: SessionSlots;
  /** Number of the server's name; 0: the session was deleted. */
  readonly server: Uint16Array;
  /** Number of the writer's name. */
  readonly writer: Uint16Array;
  /** Counter of the version. */
  readonly counter: Float64Array;
  /** Last use, monotonic milliseconds. */
  readonly usedMs: Float64Array;
  /** The last use that the other gateways know of. */
  readonly toldMs: Float64Array;
  /** Idle time after which the session is over. */
  readonly ttlMs: Uint32Array;
  /** Since when the session is known here, monotonic seconds. */
  readonly sinceS: Uint32Array;

  /** @param random is that of `SessionSlots`. */
  constructor(capacity: number, random: () => number) {
    this.slots = new SessionSlots(capacity, random);
    this.server = new Uint16Array(capacity);
    this.writer = new Uint16Array(capacity);
    this.counter = new Float64Array(capacity);
    this.usedMs = new Float64Array(capacity);
    this.toldMs = new Float64Array(capacity);
    this.ttlMs = new Uint32Array(capacity);
    this.sinceS = new Uint32Array(capacity);
  }

  isOver(slot: number, nowMs: number): boolean {
    return nowMs - (this.usedMs[slot] ?? 0) >= (this.ttlMs[slot] ?? 0);
  }

  /** Copies what stands in a slot of another table into one of this. */
  copy(from: SessionColumns, source: number, slot: number): void {
    this.server[slot] = from.server[source] ?? 0;
    this.writer[slot] = from.writer[source] ?? 0;
    this.counter[slot] = from.counter[source] ?? 0;
    this.usedMs[slot] = from.usedMs[source] ?? 0;
    this.toldMs[slot] = from.toldMs[source] ?? 0;
    this.ttlMs[slot] = from.ttlMs[source] ?? 0;
    this.sinceS[slot] = from.sinceS[source] ?? 0;
  }
}
