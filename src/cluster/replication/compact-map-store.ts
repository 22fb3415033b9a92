/**
 * The store that a replicated map has when none is given: entries in columns, one slot each, so that a million of them
 * takes little memory; values that repeat are kept once. Beyond its bound the entry that was idle for longest here
 * goes. Expired entries are met by a sweep that looks at some slots a second.
 */
import type { Clock } from "../../runtime/clock.ts";
import type { EntryVersion, MapEntry, MapStore, Merge } from "../replicated-map.ts";
import { compareVersions } from "./entry-order.ts";
import { RecencyList } from "./recency-list.ts";
import { WriterTable } from "./writer-table.ts";

const SLOTS_MIN = 64;
/** Slots that a sweep looks at: this many at least, and all of them within SWEEPS calls. */
const SWEEP_SLOTS_MIN = 10_000;
const SWEEPS = 30;
/** Values that are remembered in order to keep repeated ones once; only short ones repeat. */
const SHARED_VALUES_MAX = 1024;
const SHARED_LENGTH_MAX = 128;

export class CompactMapStore implements MapStore {
  readonly #clock: Clock;
  readonly #entriesMax: number;
  readonly #slots = new Map<string, number>();
  readonly #keys: (string | undefined)[] = [];
  readonly #values: (string | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #recency = new RecencyList();
  readonly #writers = new WriterTable();
  readonly #shared = new Map<string, string>();
  #counters = new Float64Array(SLOTS_MIN);
  #ttls = new Float64Array(SLOTS_MIN);
  #touched = new Float64Array(SLOTS_MIN);
  #writerOf = new Uint16Array(SLOTS_MIN);
  #withValue = 0;
  #cursor = 0;

  /** @param entriesMax bound of the number of entries, deletions included; at least 1. */
  constructor(clock: Clock, entriesMax: number) {
    this.#clock = clock;
    this.#entriesMax = entriesMax;
  }

  get size(): number {
    return this.#withValue;
  }

  get(key: string): string | undefined {
    const slot = this.#slots.get(key);
    return slot === undefined || this.#isExpired(slot) ? undefined : this.#values[slot];
  }

  version(key: string): EntryVersion | undefined {
    const slot = this.#slots.get(key);
    return slot === undefined ? undefined : this.#versionOf(slot);
  }

  entry(key: string): MapEntry | undefined {
    const slot = this.#slots.get(key);
    return slot === undefined || this.#isExpired(slot) ? undefined : this.#entryOf(slot, key);
  }

  merge(entry: MapEntry, nowMs: number): Merge {
    const { key, value, version, ttlMs, idleMs } = entry;
    const known = this.#slots.get(key);
    const order = known === undefined ? 1 : compareVersions(version, this.#versionOf(known));
    if (order < 0) return "older";
    const touchedMs = nowMs - idleMs;
    if (known !== undefined && order === 0) {
      this.#touched[known] = Math.max(this.#touched[known] ?? touchedMs, touchedMs);
      return "same";
    }
    if (known === undefined && idleMs >= ttlMs) return "unnoticed";
    const hadValue = known !== undefined && this.#hasValue(known, nowMs);
    const slot = known ?? this.#take(key);
    if (known !== undefined) this.#clear(slot);
    this.#fill(slot, entry);
    this.#touched[slot] = touchedMs;
    this.#recency.use(slot);
    if (this.#slots.size > this.#entriesMax) this.#forget(this.#recency.oldest);
    if (value !== undefined) return "written";
    return hadValue ? "deleted" : "unnoticed";
  }

  touch(key: string, ttlMs: number): void {
    const slot = this.#slots.get(key);
    const nowMs = this.#clock.monotonicMs();
    if (slot === undefined || !this.#hasValue(slot, nowMs)) return;
    this.#touched[slot] = nowMs;
    this.#ttls[slot] = ttlMs;
    this.#recency.use(slot);
  }

  *entries(): Generator<MapEntry> {
    for (let slot = 0; slot < this.#keys.length; slot += 1) {
      const key = this.#keys[slot];
      if (key !== undefined && !this.#isExpired(slot)) yield this.#entryOf(slot, key);
    }
  }

  expire(): readonly string[] {
    const expired: string[] = [];
    const count = Math.max(SWEEP_SLOTS_MIN, Math.ceil(this.#keys.length / SWEEPS));
    for (let looked = 0; looked < Math.min(count, this.#keys.length); looked += 1) {
      const slot = (this.#cursor = (this.#cursor + 1) % this.#keys.length);
      const key = this.#keys[slot];
      if (key === undefined || !this.#isExpired(slot)) continue;
      if (this.#values[slot] !== undefined) expired.push(key);
      this.#forget(slot);
    }
    return expired;
  }

  #isExpired(slot: number, nowMs: number = this.#clock.monotonicMs()): boolean {
    return nowMs - (this.#touched[slot] ?? 0) >= (this.#ttls[slot] ?? 0);
  }

  #hasValue(slot: number, nowMs: number): boolean {
    return this.#values[slot] !== undefined && !this.#isExpired(slot, nowMs);
  }

  #versionOf(slot: number): EntryVersion {
    const writer = this.#writers.at(this.#writerOf[slot] ?? 0);
    return { counter: this.#counters[slot] ?? 0, writer };
  }

  #entryOf(slot: number, key: string): MapEntry {
    return {
      key,
      value: this.#values[slot],
      version: this.#versionOf(slot),
      ttlMs: this.#ttls[slot] ?? 1,
      idleMs: Math.max(0, this.#clock.monotonicMs() - (this.#touched[slot] ?? 0)),
    };
  }

  #take(key: string): number {
    const slot = this.#free.pop() ?? this.#keys.length;
    if (slot >= this.#counters.length) this.#grow(slot * 2);
    this.#keys[slot] = key;
    this.#slots.set(key, slot);
    return slot;
  }

  /** Puts what the entry says into a slot without a value. */
  #fill(slot: number, { value, version, ttlMs }: MapEntry): void {
    this.#values[slot] = value === undefined ? undefined : this.#share(value);
    if (value !== undefined) this.#withValue += 1;
    this.#counters[slot] = version.counter;
    this.#writerOf[slot] = this.#writers.add(version.writer);
    this.#ttls[slot] = ttlMs;
  }

  #forget(slot: number): void {
    const key = this.#keys[slot];
    if (key === undefined) return;
    this.#clear(slot);
    this.#slots.delete(key);
    this.#keys[slot] = undefined;
    this.#values[slot] = undefined;
    this.#recency.remove(slot);
    this.#free.push(slot);
  }

  #clear(slot: number): void {
    if (this.#values[slot] !== undefined) this.#withValue -= 1;
    this.#writers.drop(this.#writerOf[slot] ?? 0);
  }

  #share(value: string): string {
    if (value.length > SHARED_LENGTH_MAX) return value;
    const known = this.#shared.get(value);
    if (known !== undefined) return known;
    if (this.#shared.size >= SHARED_VALUES_MAX) this.#shared.clear();
    this.#shared.set(value, value);
    return value;
  }

  #grow(slots: number): void {
    this.#counters = grown(new Float64Array(slots), this.#counters);
    this.#ttls = grown(new Float64Array(slots), this.#ttls);
    this.#touched = grown(new Float64Array(slots), this.#touched);
    this.#writerOf = grown(new Uint16Array(slots), this.#writerOf);
  }
}

function grown<Column extends Float64Array | Uint16Array>(larger: Column, column: Column): Column {
  larger.set(column);
  return larger;
}
