/**
 * A replicated map over the store. Every node holds its own copy; the store passes changes on and keeps them for nodes
 * that join. It keeps whatever was written last, which need not be the newest version: whoever sees an older version than the one
 * that it wrote itself writes again, so that all copies and the store end alike. Entries are ended by each node's own
 * clock; their life in the store only clears up behind. Hazelcast's own ReplicatedMap is not used: its entries can lose
 * their life's end when a member restarts.
 */
import { type Clock, sleep, type Timer } from "../../runtime/clock.ts";
import type { Log } from "../../observability/log.ts";
import { MapListeners } from "../map-listeners.ts";
import type { MapEntry, MapStore, ReplicatedMap, ReplicatedMapEvents } from "../replicated-map.ts";
import { CompactMapStore } from "../replication/compact-map-store.ts";
import { checkEntry } from "../replication/entry-codec.ts";
import { compareVersions, HybridCounter } from "../replication/entry-order.ts";
import type { Complaints } from "../swim/complaints.ts";
import { within } from "./call-limit.ts";
import { ExpiredKeys } from "./expired-keys.ts";
import { ARRIVAL_MS, FAREWELL_MS_MAX, RETRY_MS, TOMBSTONE_MS } from "./hazelcast-timing.ts";
import { openMapEntry, sealMapEntry } from "./map-entry.ts";
import type { HazelcastMapOptions, MapParts } from "./map-parts.ts";
import { MapWrites } from "./map-writes.ts";
import type { ValueSeal } from "./value-seal.ts";

export interface HazelcastMapSurroundings {
  readonly name: string;
  readonly parts: MapParts;
  readonly seal: ValueSeal;
  /** The id of this node: it writes under this name. */
  readonly writer: string;
  readonly complaints: Complaints;
  readonly log: Log;
  readonly clock: Clock;
  /** Called when the map was closed. */
  readonly onClose: () => void;
}

const ENTRIES_MAX_DEFAULT = 1_000_000;
const EXPIRE_MS = 1000;

export class HazelcastMap implements ReplicatedMap {
  readonly name: string;
  readonly #surroundings: HazelcastMapSurroundings;
  readonly #store: MapStore;
  readonly #writes: MapWrites;
  readonly #counter: HybridCounter;
  readonly #expired: ExpiredKeys;
  readonly #listeners: MapListeners;
  readonly #timer: Timer;
  #isReading = false;
  #closing: Promise<void> | undefined;

  constructor(surroundings: HazelcastMapSurroundings, options: HazelcastMapOptions) {
    const { name, clock, parts, seal } = surroundings;
    this.name = name;
    this.#surroundings = surroundings;
    this.#store =
      options.store ?? new CompactMapStore(clock, options.entriesMax ?? ENTRIES_MAX_DEFAULT);
    this.#counter = new HybridCounter(clock);
    this.#expired = new ExpiredKeys(clock);
    this.#listeners = new MapListeners(name, surroundings.log);
    this.#writes = new MapWrites({
      clock,
      entry: (key) => this.#store.entry(key),
      write: (entry, ttlMs) => parts.set(entry.key, sealMapEntry(seal, name, entry), ttlMs),
    });
    this.#timer = clock.every(EXPIRE_MS, () => this.#expire());
    parts.listen((value) => this.#takeWritten(value));
    void this.#read();
  }

  get size(): number {
    return this.#store.size;
  }

  get(key: string): string | undefined {
    return this.#store.get(key);
  }

  set(key: string, value: string, ttlMs: number): void {
    checkEntry(this.name, key, value, ttlMs);
    this.#write(key, value, ttlMs);
  }

  touch(key: string, ttlMs: number): void {
    if (this.#store.get(key) === undefined) return;
    checkEntry(this.name, key, "", ttlMs);
    this.#store.touch(key, ttlMs);
    if (!this.#closing) this.#writes.touch(key, ttlMs);
  }

  delete(key: string): void {
    if (this.#store.version(key)) this.#write(key, undefined, TOMBSTONE_MS);
  }

  async ask(key: string, boundMs: number): Promise<string | undefined> {
    const own = this.#store.get(key);
    if (own !== undefined || this.#closing) return own;
    const { parts, clock } = this.#surroundings;
    const endMs = clock.monotonicMs() + boundMs;
    try {
      const value = await within(clock, boundMs, parts.get(key, boundMs));
      if (value) this.#takeStored(value);
      else await sleep(clock, Math.min(ARRIVAL_MS, Math.max(0, endMs - clock.monotonicMs())));
    } catch {
      // A store that does not answer is no answer; presence speaks of it.
    }
    return this.#store.get(key);
  }

  on<Name extends keyof ReplicatedMapEvents>(
    event: Name,
    handler: ReplicatedMapEvents[Name],
  ): () => void {
    return this.#listeners.on(event, handler);
  }

  /** There is a connection (again): the store may have lost its memory, and this node may have missed events. */
  reconnected(): void {
    const { writer } = this.#surroundings;
    for (const { key, version } of this.#store.entries())
      if (version.writer === writer) this.#writes.add(key);
    void this.#read();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { clock, onClose } = this.#surroundings;
    this.#timer.cancel();
    await within(clock, FAREWELL_MS_MAX, this.#writes.close()).catch(() => {});
    onClose();
  }

  #write(key: string, value: string | undefined, ttlMs: number): void {
    const { writer } = this.#surroundings;
    const version = { counter: this.#counter.next(), writer };
    this.#expired.delete(key);
    this.#store.apply({ key, value, version, ttlMs, idleMs: 0 });
    if (!this.#closing) this.#writes.add(key);
  }

  /** Reads all that the store keeps; tried again until it works. */
  async #read(): Promise<void> {
    const { parts, clock } = this.#surroundings;
    if (this.#isReading || this.#closing) return;
    this.#isReading = true;
    try {
      await parts.read((value) => this.#takeStored(value));
      this.#isReading = false;
    } catch {
      clock.after(RETRY_MS, () => {
        this.#isReading = false;
        void this.#read();
      });
    }
  }

  /** Somebody has just written or touched an entry. */
  #takeWritten(value: Buffer): void {
    const entry = this.#open(value);
    if (!entry) return;
    this.#expired.delete(entry.key);
    this.#merge(entry);
  }

  /** An entry that the store still holds: its idle time is not known, only that this node may have ended it. */
  #takeStored(value: Buffer): void {
    const entry = this.#open(value);
    if (entry && !this.#expired.has(entry.key)) this.#merge(entry);
  }

  #open(value: Buffer): MapEntry | undefined {
    const { name, seal, complaints } = this.#surroundings;
    if (this.#closing) return undefined;
    const entry = openMapEntry(seal, name, value);
    if (!entry)
      complaints.add(
        "foreign-entry",
        `the map "${name}" in the Hazelcast cluster holds an entry that this node cannot open: it is refused`,
      );
    return entry;
  }

  /** Keeps the entry when it is newer than the own one. */
  #merge(entry: MapEntry): void {
    this.#counter.observe(entry.version.counter);
    const own = this.#store.version(entry.key);
    if (!own && entry.idleMs >= entry.ttlMs) return;
    const order = own ? compareVersions(entry.version, own) : 1;
    if (order < 0) return this.#repair(entry.key, own?.writer);
    const hadValue = own !== undefined && this.#store.get(entry.key) !== undefined;
    this.#store.apply(entry);
    if (order === 0) return;
    if (entry.value !== undefined) this.#listeners.tellSet(entry.key, entry.value);
    else if (hadValue) this.#listeners.tellDeleted(entry.key);
  }

  /** The store holds an older version than this node: whoever wrote the newer one writes it again. */
  #repair(key: string, newestWriter: string | undefined): void {
    if (newestWriter === this.#surroundings.writer) this.#writes.add(key);
  }

  #expire(): void {
    for (const key of this.#store.expire()) {
      this.#expired.add(key);
      this.#listeners.tellDeleted(key);
    }
  }
}
