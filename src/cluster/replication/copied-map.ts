/**
 * What all replicated maps are at this node, whoever provides them: the copy that answers reads, the versions of own
 * writes, the merging of what others wrote, expiry and listeners. `MapReplica` and `HazelcastMap` add how changes
 * reach the others.
 */
import type { Log } from "../../observability/log.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import { MapListeners } from "../map-listeners.ts";
import type {
  MapEntry,
  MapStore,
  Merge,
  ReplicatedMap,
  ReplicatedMapEvents,
  ReplicatedMapOptions,
} from "../replicated-map.ts";
import { CompactMapStore } from "./compact-map-store.ts";
import { checkEntry } from "./entry-codec.ts";
import { HybridCounter } from "./entry-order.ts";

/** Default bound of a map's own store. */
const ENTRIES_MAX_DEFAULT = 1_000_000;
const EXPIRE_MS = 1_000;

export interface CopiedMapOptions extends Omit<ReplicatedMapOptions, "includes"> {
  readonly name: string;
  /** The id of this node: it writes under this name. */
  readonly writer: string;
  /** How long a deletion is remembered: an older write that arrives later may bring the entry back. */
  readonly tombstoneMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

export abstract class CopiedMap implements ReplicatedMap {
  readonly name: string;
  protected readonly clock: Clock;
  protected readonly store: MapStore;
  readonly #writer: string;
  readonly #tombstoneMs: number;
  readonly #counter: HybridCounter;
  readonly #listeners: MapListeners;
  readonly #timer: Timer;
  #closing: Promise<void> | undefined;

  constructor({ name, writer, tombstoneMs, clock, log, ...options }: CopiedMapOptions) {
    this.name = name;
    this.clock = clock;
    this.store =
      options.store ?? new CompactMapStore(clock, options.entriesMax ?? ENTRIES_MAX_DEFAULT);
    this.#writer = writer;
    this.#tombstoneMs = tombstoneMs;
    this.#counter = new HybridCounter(clock);
    this.#listeners = new MapListeners(name, log);
    this.#timer = clock.every(EXPIRE_MS, () => this.#expire());
  }

  get size(): number {
    return this.store.size;
  }

  get(key: string): string | undefined {
    return this.store.get(key);
  }

  set(key: string, value: string, ttlMs: number): void {
    checkEntry(this.name, key, value, ttlMs);
    this.#write(key, value, ttlMs);
  }

  touch(key: string, ttlMs: number): void {
    if (this.store.get(key) === undefined) return;
    checkEntry(this.name, key, "", ttlMs);
    this.store.touch(key, ttlMs);
    if (!this.isClosing) this.passTouch(key, ttlMs);
  }

  delete(key: string): void {
    if (this.store.version(key)) this.#write(key, undefined, this.#tombstoneMs);
  }

  async ask(key: string, boundMs: number): Promise<string | undefined> {
    const own = this.store.get(key);
    if (own !== undefined || this.isClosing) return own;
    await this.askOthers(key, boundMs);
    return this.store.get(key);
  }

  on<Name extends keyof ReplicatedMapEvents>(
    event: Name,
    handler: ReplicatedMapEvents[Name],
  ): () => void {
    return this.#listeners.on(event, handler);
  }

  close(): Promise<void> {
    if (!this.#closing) {
      this.#timer.cancel();
      this.#closing = this.leave();
    }
    return this.#closing;
  }

  protected get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** Takes in what another node wrote, and tells of it. `nowMs` is the clock's. */
  protected merge(entry: MapEntry, nowMs: number): Merge {
    this.#counter.observe(entry.version.counter);
    const merged = this.store.merge(entry, nowMs);
    if (merged === "written" || merged === "deleted") this.#listeners.tell(entry);
    return merged;
  }

  /** Passes an own write on to the others. */
  protected abstract passWrite(entry: MapEntry): void;

  /** Passes an own use of an entry on to the others. */
  protected abstract passTouch(key: string, ttlMs: number): void;

  /** Asks the others for an entry and merges what they answer; resolves within the bound and never rejects. */
  protected abstract askOthers(key: string, boundMs: number): Promise<void>;

  /** Sends what waits and ends the replication. */
  protected abstract leave(): Promise<void>;

  /** An entry has expired here. */
  protected expired?(key: string): void;

  #write(key: string, value: string | undefined, ttlMs: number): void {
    this.#counter.observe(this.store.version(key)?.counter ?? 0);
    const version = { counter: this.#counter.next(), writer: this.#writer };
    const entry: MapEntry = { key, value, version, ttlMs, idleMs: 0 };
    this.store.merge(entry, this.clock.monotonicMs());
    if (!this.isClosing) this.passWrite(entry);
  }

  #expire(): void {
    for (const key of this.store.expire()) {
      this.expired?.(key);
      this.#listeners.tell({ key, value: undefined });
    }
  }
}
