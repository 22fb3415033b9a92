/**
 * A replicated map over the store. Every node holds its own copy (`CopiedMap`); the store passes changes on and keeps them for nodes
 * that join. It keeps whatever was written last, which need not be the newest version: whoever sees an older version than the one
 * that it wrote itself writes again, so that all copies and the store end alike. Entries are ended by each node's own
 * clock; their life in the store only clears up behind. Hazelcast's own ReplicatedMap is not used: its entries can lose
 * their life's end when a member restarts.
 */
import { type Clock, sleep } from "../../runtime/clock.ts";
import type { Log } from "../../observability/log.ts";
import type { MapEntry } from "../replicated-map.ts";
import { CopiedMap } from "../replication/copied-map.ts";
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

export class HazelcastMap extends CopiedMap {
  readonly #surroundings: HazelcastMapSurroundings;
  readonly #writes: MapWrites;
  readonly #ended: ExpiredKeys;
  #isReading = false;

  constructor(surroundings: HazelcastMapSurroundings, options: HazelcastMapOptions) {
    const { name, clock, parts, seal } = surroundings;
    super({ ...surroundings, ...options, tombstoneMs: TOMBSTONE_MS });
    this.#surroundings = surroundings;
    this.#ended = new ExpiredKeys(clock);
    this.#writes = new MapWrites({
      clock,
      entry: (key) => this.store.entry(key),
      write: (entry, ttlMs) => parts.set(entry.key, sealMapEntry(seal, name, entry), ttlMs),
    });
    parts.listen((value) => this.#takeWritten(value));
    void this.#read();
  }

  protected passWrite({ key }: MapEntry): void {
    this.#ended.delete(key);
    this.#writes.add(key);
  }

  protected passTouch(key: string, ttlMs: number): void {
    this.#writes.touch(key, ttlMs);
  }

  protected async askOthers(key: string, boundMs: number): Promise<void> {
    const { parts, clock } = this.#surroundings;
    const endMs = clock.monotonicMs() + boundMs;
    try {
      const value = await within(clock, boundMs, parts.get(key, boundMs));
      if (value) this.#takeStored(value);
      else await sleep(clock, Math.min(ARRIVAL_MS, Math.max(0, endMs - clock.monotonicMs())));
    } catch {
      // A store that does not answer is no answer; presence speaks of it.
    }
  }

  protected async leave(): Promise<void> {
    const { clock, onClose } = this.#surroundings;
    await within(clock, FAREWELL_MS_MAX, this.#writes.close()).catch(() => {});
    onClose();
  }

  protected override expired(key: string): void {
    this.#ended.add(key);
  }

  /** There is a connection (again): the store may have lost its memory, and this node may have missed events. */
  reconnected(): void {
    const { writer } = this.#surroundings;
    for (const { key, version } of this.store.entries())
      if (version.writer === writer) this.#writes.add(key);
    void this.#read();
  }

  /** Reads all that the store keeps; tried again until it works. */
  async #read(): Promise<void> {
    const { parts, clock } = this.#surroundings;
    if (this.#isReading || this.isClosing) return;
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
    this.#ended.delete(entry.key);
    this.#mergeOrRepair(entry);
  }

  /** An entry that the store still holds: its idle time is not known, only that this node may have ended it. */
  #takeStored(value: Buffer): void {
    const entry = this.#open(value);
    if (entry && !this.#ended.has(entry.key)) this.#mergeOrRepair(entry);
  }

  #open(value: Buffer): MapEntry | undefined {
    const { name, seal, complaints } = this.#surroundings;
    if (this.isClosing) return undefined;
    const entry = openMapEntry(seal, name, value);
    if (!entry)
      complaints.add(
        "foreign-entry",
        `the map "${name}" in the Hazelcast cluster holds an entry that this node cannot open: it is refused`,
      );
    return entry;
  }

  /** Where the store holds an older version than this node, whoever wrote the newer one writes it again. */
  #mergeOrRepair(entry: MapEntry): void {
    const { key } = entry;
    if (this.merge(entry, this.clock.monotonicMs()) !== "older") return;
    if (this.store.version(key)?.writer === this.#surroundings.writer) this.#writes.add(key);
  }
}
