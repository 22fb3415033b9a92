/**
 * The session table of a zone that is shared (`sticky learn ... sync`), as the store of a replicated map: session → server,
 * with version and idle time, in typed arrays. Bounded by the size of the zone; the session that is idle for
 * longest goes first. Called by the map for every write, and by shared-sessions.ts to look up.
 */
import type { EntryVersion, MapEntry, MapStore } from "../../cluster/replicated-map.ts";
import type { Clock } from "../../runtime/clock.ts";
import { type BoundCount, BoundCounter } from "./bound-count.ts";
import { NamePool } from "./name-pool.ts";
import { SessionColumns } from "./session-columns.ts";
import { NONE, SessionSlots } from "./session-slots.ts";

/** Expired entries that one call of `expire` forgets, at most. */
const EXPIRED_MAX = 20_000;
/** An own use is told to the other gateways when so much of the idle time is over since the last one told. */
const TELL_SHARE = 1 / 16;
/** Longest idle time that is kept, in milliseconds: 49 days. */
const TTL_MS_MAX = 2 ** 32 - 1;

export class SharedSessionStore implements MapStore {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #servers = new NamePool();
  readonly #writers = new NamePool();
  #columns: SessionColumns;
  #deletedCount = 0;

  /** @param random for the seed of the hash: 0 <= value < 1. */
  constructor(clock: Clock, capacity: number, random: () => number = Math.random) {
    this.#clock = clock;
    this.#random = random;
    this.#columns = new SessionColumns(capacity, random() * 2 ** 32);
  }

  /** Sessions whose end was not noticed yet are among them. */
  get size(): number {
    return this.#columns.slots.count - this.#deletedCount;
  }

  get capacity(): number {
    return this.#columns.slots.capacity;
  }

  get(key: string): string | undefined {
    const slot = this.#liveSlot(key);
    return slot === NONE ? undefined : this.#servers.nameOf(this.#columns.server[slot] ?? 0);
  }

  version(key: string): EntryVersion | undefined {
    const slot = this.#columns.slots.find(key);
    return slot === NONE ? undefined : this.#versionAt(slot);
  }

  entry(key: string): MapEntry | undefined {
    const slot = this.#columns.slots.find(key);
    return slot === NONE || this.#isOver(slot) ? undefined : this.#entryAt(slot);
  }

  /** A key that is no session id, and a name beyond the 65535th at a time, are not kept. */
  apply(entry: MapEntry): void {
    if (!SessionSlots.fits(entry.key)) return;
    const known = this.#columns.slots.find(entry.key);
    const isSame = known !== NONE && this.#hasVersion(known, entry.version);
    if (isSame) this.#noteUse(known, entry.idleMs);
    else this.#replace(known, entry);
  }

  #replace(known: number, { key, value, version, ttlMs, idleMs }: MapEntry): void {
    const server = value === undefined ? 0 : this.#servers.take(value);
    const writer = this.#writers.take(version.writer);
    const isNew = known === NONE || this.#columns.server[known] === 0;
    const slot = server === undefined || writer === undefined ? NONE : this.#slotFor(known, key);
    if (slot === NONE) {
      this.#servers.giveBack(server ?? 0);
      this.#writers.giveBack(writer ?? 0);
      return;
    }
    const columns = this.#columns;
    if (server === 0) this.#deletedCount++;
    columns.server[slot] = server ?? 0;
    columns.writer[slot] = writer ?? 0;
    columns.counter[slot] = version.counter;
    columns.usedMs[slot] = this.#clock.monotonicMs() - idleMs;
    columns.toldMs[slot] = columns.usedMs[slot] ?? 0;
    columns.ttlMs[slot] = Math.min(ttlMs, TTL_MS_MAX);
    if (isNew) columns.sinceS[slot] = this.#clock.monotonicMs() / 1000;
  }

  touch(key: string, ttlMs: number): void {
    const slot = this.#liveSlot(key);
    if (slot === NONE) return;
    this.#noteUse(slot, 0);
    this.#columns.ttlMs[slot] = Math.min(ttlMs, TTL_MS_MAX);
  }

  /** Starts the idle time of a session again, here only. @returns true when the others should hear of it: by a touch. */
  refresh(key: string): boolean {
    const slot = this.#liveSlot(key);
    if (slot === NONE) return false;
    const { slots, usedMs, toldMs, ttlMs } = this.#columns;
    const nowMs = this.#clock.monotonicMs();
    slots.use(slot);
    usedMs[slot] = nowMs;
    return nowMs - (toldMs[slot] ?? 0) >= (ttlMs[slot] ?? 0) * TELL_SHARE;
  }

  /** In the order of the slots, which does not change meanwhile; ends early when the table is resized. */
  *entries(): Iterable<MapEntry> {
    const columns = this.#columns;
    for (let slot = 0; slot < columns.slots.end && columns === this.#columns; slot++) {
      if (columns.slots.isUsed(slot) && !this.#isOver(slot)) yield this.#entryAt(slot);
    }
  }

  /** Counts the live sessions of these servers. */
  countBound(serverIds: ReadonlySet<string>): ReadonlyMap<string, BoundCount> {
    const counter = new BoundCounter(serverIds, this.#clock.monotonicMs());
    const { slots, server, sinceS } = this.#columns;
    for (let slot = 0; slot < slots.end; slot++) {
      if (!slots.isUsed(slot) || server[slot] === 0 || this.#isOver(slot)) continue;
      counter.add(this.#servers.nameOf(server[slot] ?? 0), (sinceS[slot] ?? 0) * 1000);
    }
    return counter.counts;
  }

  /**
   * Forgets from the longest idle one on, as far as they are over. One that arrived from another gateway may stand
   * behind younger ones and wait for its turn; it counts as gone all the same.
   */
  expire(): readonly string[] {
    const gone: string[] = [];
    const { slots, server } = this.#columns;
    for (let count = 0; count < EXPIRED_MAX; count++) {
      const slot = slots.oldest;
      if (slot === NONE || !this.#isOver(slot)) break;
      if (server[slot] !== 0) gone.push(slots.keyOf(slot));
      this.#drop(slot);
    }
    return gone;
  }

  /** Another number of sessions; those that were used last stay. */
  resize(capacity: number): void {
    const before = this.#columns;
    if (capacity === before.slots.capacity) return;
    while (before.slots.count > capacity) this.#drop(before.slots.oldest);
    const after = new SessionColumns(capacity, this.#random() * 2 ** 32);
    for (let slot = before.slots.oldest; slot !== NONE; slot = before.slots.newerThan(slot)) {
      after.copy(before, slot, after.slots.add(before.slots.keyOf(slot)));
    }
    this.#columns = after;
  }

  #isOver(slot: number): boolean {
    return this.#columns.isOver(slot, this.#clock.monotonicMs());
  }

  /** NONE: no such session, or it was deleted or is over. */
  #liveSlot(key: string): number {
    const slot = this.#columns.slots.find(key);
    return slot === NONE || this.#columns.server[slot] === 0 || this.#isOver(slot) ? NONE : slot;
  }

  /** The slot of the key without what stood in it, as the newest; the oldest goes when there is no room. */
  #slotFor(known: number, key: string): number {
    const { slots } = this.#columns;
    if (known !== NONE) {
      this.#giveBackNames(known);
      slots.use(known);
      return known;
    }
    if (slots.count === slots.capacity && slots.oldest !== NONE) this.#drop(slots.oldest);
    return slots.add(key);
  }

  #drop(slot: number): void {
    this.#giveBackNames(slot);
    this.#columns.slots.remove(slot);
  }

  #giveBackNames(slot: number): void {
    const { server, writer } = this.#columns;
    if (server[slot] === 0) this.#deletedCount--;
    this.#servers.giveBack(server[slot] ?? 0);
    this.#writers.giveBack(writer[slot] ?? 0);
  }

  #hasVersion(slot: number, { counter, writer }: EntryVersion): boolean {
    const { counter: counters, writer: writers } = this.#columns;
    return counters[slot] === counter && this.#writers.nameOf(writers[slot] ?? 0) === writer;
  }

  /** A use that all gateways know of. */
  #noteUse(slot: number, idleMs: number): void {
    const { slots, usedMs, toldMs } = this.#columns;
    const atMs = this.#clock.monotonicMs() - idleMs;
    toldMs[slot] = Math.max(toldMs[slot] ?? 0, atMs);
    if (atMs <= (usedMs[slot] ?? 0)) return;
    usedMs[slot] = atMs;
    slots.use(slot);
  }

  #versionAt(slot: number): EntryVersion {
    const { counter, writer } = this.#columns;
    return { counter: counter[slot] ?? 0, writer: this.#writers.nameOf(writer[slot] ?? 0) };
  }

  #entryAt(slot: number): MapEntry {
    const { slots, server, usedMs, ttlMs } = this.#columns;
    const number = server[slot] ?? 0;
    return {
      key: slots.keyOf(slot),
      value: number === 0 ? undefined : this.#servers.nameOf(number),
      version: this.#versionAt(slot),
      ttlMs: ttlMs[slot] ?? 1,
      idleMs: Math.max(0, this.#clock.monotonicMs() - (usedMs[slot] ?? 0)),
    };
  }
}
