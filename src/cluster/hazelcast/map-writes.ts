/**
 * The changes of a replicated map on their way into the store: collected for DELTA_MS, written side by side, and tried
 * again until they are taken. What waits is a set of keys (bounded by the entries of the map): an entry that changes
 * again meanwhile is written once, as it is then.
 */
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { MapEntry } from "../replicated-map.ts";
import {
  DELTA_ENTRIES_MAX,
  DELTA_MS,
  ENTRY_GRACE_MS,
  RETRY_MS,
  TOUCH_MS_MAX,
} from "./hazelcast-timing.ts";

export interface MapWritesOptions {
  readonly clock: Clock;
  /** The entry as it is now; undefined: it has expired and need not be written. */
  readonly entry: (key: string) => MapEntry | undefined;
  readonly write: (entry: MapEntry, ttlMs: number) => Promise<void>;
}

export class MapWrites {
  readonly #options: MapWritesOptions;
  readonly #changed = new Set<string>();
  readonly #touched = new Set<string>();
  #timer: Timer | undefined;
  #touchTimer: Timer | undefined;
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: MapWritesOptions) {
    this.#options = options;
  }

  add(key: string): void {
    this.#changed.add(key);
    this.#schedule(DELTA_MS);
  }

  /** The others learn of a touch in time before they would let the entry go. */
  touch(key: string, ttlMs: number): void {
    this.#touched.add(key);
    const waitMs = Math.min(TOUCH_MS_MAX, ttlMs / 4);
    this.#touchTimer ??= this.#options.clock.after(waitMs, () => this.#passTouches());
  }

  /** Writes what waits, once; resolves when that is done. */
  async close(): Promise<void> {
    this.#touchTimer?.cancel();
    this.#timer?.cancel();
    this.#passTouches();
    this.#timer?.cancel();
    await this.#running;
    this.#isClosed = true;
    await this.#write();
  }

  #passTouches(): void {
    this.#touchTimer = undefined;
    for (const key of this.#touched) this.#changed.add(key);
    this.#touched.clear();
    this.#schedule(0);
  }

  #schedule(delayMs: number): void {
    if (this.#timer || this.#running || this.#isClosed || this.#changed.size === 0) return;
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#timer = undefined;
      this.#running = this.#run();
    });
  }

  async #run(): Promise<void> {
    const isTaken = await this.#write();
    this.#running = undefined;
    this.#schedule(isTaken ? DELTA_MS : RETRY_MS);
  }

  /** False: something was not taken and waits on. */
  async #write(): Promise<boolean> {
    while (this.#changed.size > 0) {
      const keys = this.#next();
      const taken = await Promise.all(keys.map((key) => this.#writeOne(key)));
      const refused = keys.filter((_, index) => !taken[index]);
      for (const key of refused) this.#changed.add(key);
      if (refused.length > 0) return false;
    }
    return true;
  }

  #next(): readonly string[] {
    const keys: string[] = [];
    for (const key of this.#changed) {
      keys.push(key);
      if (keys.length >= DELTA_ENTRIES_MAX) break;
    }
    for (const key of keys) this.#changed.delete(key);
    return keys;
  }

  async #writeOne(key: string): Promise<boolean> {
    const entry = this.#options.entry(key);
    if (!entry) return true;
    const leftMs = Math.max(0, entry.ttlMs - entry.idleMs);
    try {
      // Hazelcast cuts lives to whole seconds, and ends them up to a second early.
      await this.#options.write(entry, Math.ceil(leftMs / 1000) * 1000 + ENTRY_GRACE_MS);
      return true;
    } catch {
      return false;
    }
  }
}
