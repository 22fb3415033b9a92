/**
 * The session table of a zone that is shared (`sticky learn ... sync`), as the store of a replicated map: session → server,
 * with version and idle time, in typed arrays. Bounded by the size of the zone; the session that is idle for
 * longest goes first. Called by the map for every write, and by shared-sessions.ts to look up.
 */
import { randomBytes } from "node:crypto";
import { EntryView } from "../../cluster/entry-view.ts";
import { KeyBytes } from "../../cluster/key-bytes.ts";
import type { EntryVersion, MapEntry, MapStore, Merge } from "../../cluster/replicated-map.ts";
import { compareVersions } from "../../cluster/replication/entry-order.ts";
import type { Clock } from "../../runtime/clock.ts";
import { type BoundCount, BoundCounter } from "./bound-count.ts";
import { NamePool } from "./name-pool.ts";
import { SessionColumns } from "./session-columns.ts";
import { NONE } from "./session-slots.ts";

/** Expired entries that one call of `expire` forgets, at most. */
const EXPIRED_MAX = 20_000;
/** An own use is told to the other gateways when so much of the idle time is over since the last one told. */
const TELL_SHARE = 1 / 16;
/** Entries of a walk between two looks at the clock. */
const LOOK_ENTRIES = 64;
/** Longest idle time that is kept, in milliseconds: 49 days. */
const TTL_MS_MAX = 2 ** 32 - 1;

export class SharedSessionStore implements MapStore {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #servers = new NamePool();
  readonly #writers = new NamePool();
  #columns: SessionColumns;
  #deletedCount = 0;

  /** @param random makes the hash unforeseeable: 0 <= value < 1. */
  constructor(clock: Clock, capacity: number, random: () => number = secretRandom) {
    this.#clock = clock;
    this.#random = random;
    this.#columns = new SessionColumns(capacity, random);
  }

  /** Sessions whose end was not noticed yet are among them. */
  get size(): number {
    return this.#columns.slots.count - this.#deletedCount;
  }

  get capacity(): number {
    return this.#columns.slots.capacity;
  }

  get(key: string): string | undefined {
    const slot = this.#slotOf(key);
    if (slot === NONE || !this.#isLive(slot, this.#clock.monotonicMs())) return undefined;
    return this.#servers.nameOf(this.#columns.server[slot] ?? 0);
  }

  version(key: string): EntryVersion | undefined {
    const slot = this.#slotOf(key);
    return slot === NONE ? undefined : this.#versionAt(slot);
  }

  entry(key: string): MapEntry | undefined {
    const slot = this.#slotOf(key);
    return slot === NONE || this.#isOver(slot) ? undefined : this.#entryAt(slot);
  }

  /** Whether the text can be the key of a session: 1 to SLOT_KEY_BYTES bytes of UTF-8. */
  fits(key: string): boolean {
    return this.#columns.slots.key.take(key);
  }

  /** A key that does not fit, and a name beyond the 65535th at a time, are not kept. */
  merge(entry: MapEntry, nowMs: number): Merge {
    const { slots } = this.#columns;
    if (!slots.key.take(entry.keyBytes ?? entry.key)) return "unnoticed";
    const known = slots.find();
    if (known === NONE) {
      const isKept = entry.idleMs < entry.ttlMs && this.#keep(NONE, entry, nowMs);
      return isKept && entry.value !== undefined ? "written" : "unnoticed";
    }
    const order = compareVersions(entry.version, this.#versionAt(known));
    if (order < 0) return "older";
    if (order > 0) return this.#overwrite(known, entry, nowMs);
    this.#noteUse(known, nowMs - entry.idleMs);
    return "same";
  }

  #overwrite(known: number, entry: MapEntry, nowMs: number): Merge {
    const hadValue = this.#isLive(known, nowMs);
    if (!this.#keep(known, entry, nowMs)) return "unnoticed";
    if (entry.value !== undefined) return "written";
    return hadValue ? "deleted" : "unnoticed";
  }

  /** Puts the entry into its slot, or into a new one for the key that was taken. False: there is no room for its names. */
  #keep(known: number, { value, version, ttlMs, idleMs }: MapEntry, nowMs: number): boolean {
    const server = value === undefined ? 0 : this.#servers.take(value);
    const writer = this.#writers.take(version.writer);
    const isNew = known === NONE || this.#columns.server[known] === 0;
    const slot = server === undefined || writer === undefined ? NONE : this.#slotFor(known);
    if (slot === NONE) {
      this.#servers.giveBack(server ?? 0);
      this.#writers.giveBack(writer ?? 0);
      return false;
    }
    const columns = this.#columns;
    if (server === 0) this.#deletedCount++;
    columns.server[slot] = server ?? 0;
    columns.writer[slot] = writer ?? 0;
    columns.counter[slot] = version.counter;
    columns.usedMs[slot] = nowMs - idleMs;
    columns.toldMs[slot] = nowMs - idleMs;
    columns.ttlMs[slot] = Math.min(ttlMs, TTL_MS_MAX);
    if (isNew) columns.sinceS[slot] = nowMs / 1000;
    return true;
  }

  touch(key: string, ttlMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    const slot = this.#liveSlot(key, nowMs);
    if (slot === NONE) return;
    this.#noteUse(slot, nowMs);
    this.#columns.ttlMs[slot] = Math.min(ttlMs, TTL_MS_MAX);
  }

  /** Starts the idle time of a session again, here only. @returns true when the others should hear of it: by a touch. */
  refresh(key: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    const slot = this.#liveSlot(key, nowMs);
    if (slot === NONE) return false;
    const { slots, usedMs, toldMs, ttlMs } = this.#columns;
    slots.use(slot);
    usedMs[slot] = nowMs;
    return nowMs - (toldMs[slot] ?? 0) >= (ttlMs[slot] ?? 0) * TELL_SHARE;
  }

  /**
   * In the order of the slots, which does not change meanwhile; ends early when the table is resized. The same object each
   * time; its idle time is that of the last look at the clock.
   */
  *entries(): Iterable<MapEntry> {
    const columns = this.#columns;
    const { slots } = columns;
    const entry = new EntryView();
    let nowMs = 0;
    for (let slot = 0; slot < slots.end && columns === this.#columns; slot++) {
      if (slot % LOOK_ENTRIES === 0) nowMs = this.#clock.monotonicMs();
      if (!slots.isUsed(slot) || columns.isOver(slot, nowMs)) continue;
      this.#show(slot, nowMs, entry);
      yield entry;
    }
  }

  /** Counts the live sessions of these servers. */
  countBound(serverIds: ReadonlySet<string>): ReadonlyMap<string, BoundCount> {
    const nowMs = this.#clock.monotonicMs();
    const counter = new BoundCounter(serverIds, nowMs);
    const { slots, server, sinceS } = this.#columns;
    for (let slot = 0; slot < slots.end; slot++) {
      if (!slots.isUsed(slot) || !this.#isLive(slot, nowMs)) continue;
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
    const after = new SessionColumns(capacity, this.#random);
    const key = new KeyBytes();
    for (let slot = before.slots.oldest; slot !== NONE; slot = before.slots.newerThan(slot)) {
      before.slots.showKey(slot, key);
      after.slots.key.take(key);
      after.copy(before, slot, after.slots.add());
    }
    this.#columns = after;
  }

  #isOver(slot: number): boolean {
    return this.#columns.isOver(slot, this.#clock.monotonicMs());
  }

  #isLive(slot: number, nowMs: number): boolean {
    return this.#columns.server[slot] !== 0 && !this.#columns.isOver(slot, nowMs);
  }

  #slotOf(key: string): number {
    const { slots } = this.#columns;
    return slots.key.take(key) ? slots.find() : NONE;
  }

  /** NONE: no such session, or it was deleted or is over. */
  #liveSlot(key: string, nowMs: number): number {
    const slot = this.#slotOf(key);
    return slot !== NONE && this.#isLive(slot, nowMs) ? slot : NONE;
  }

  /**
   * The slot without what stood in it, as the newest; of a key that has none a new one: the oldest goes when there is no
   * room.
   */
  #slotFor(known: number): number {
    const { slots } = this.#columns;
    if (known !== NONE) {
      this.#giveBackNames(known);
      slots.use(known);
      return known;
    }
    if (slots.count === slots.capacity && slots.oldest !== NONE) this.#drop(slots.oldest);
    return slots.add();
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

  /** A use that all gateways know of. */
  #noteUse(slot: number, atMs: number): void {
    const { slots, usedMs, toldMs } = this.#columns;
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

  /** As `#entryAt`, without a new object. */
  #show(slot: number, nowMs: number, entry: EntryView): void {
    const { slots, server, writer, counter, usedMs, ttlMs } = this.#columns;
    const number = server[slot] ?? 0;
    slots.showKey(slot, entry.keyBytes);
    entry.value = number === 0 ? undefined : this.#servers.nameOf(number);
    entry.version.counter = counter[slot] ?? 0;
    entry.version.writer = this.#writers.nameOf(writer[slot] ?? 0);
    entry.ttlMs = ttlMs[slot] ?? 1;
    entry.idleMs = Math.max(0, nowMs - (usedMs[slot] ?? 0));
  }
}

function secretRandom(): number {
  return randomBytes(4).readUInt32LE() / 2 ** 32;
}
