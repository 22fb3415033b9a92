/**
 * Own changes on their way to the others: collected for DELTA_MS, several changes of a key become the last one, then sent
 * as batches that say behind which one they follow. Touches are collected for longer, for they are worth less.
 */
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { MapEntry } from "../replicated-map.ts";
import { entryBytesMax } from "./entry-codec.ts";
import { encodeFrame, type Touch, TOUCHES_MAX } from "./map-frames.ts";

/** How long a change waits for others to go with it. Longer saves messages; 0 sends nearly each one alone. */
export const DELTA_MS = 10;
/** How long touches wait. An entry may expire that much too early at a member that takes over. */
export const TOUCH_MS = 2_000;
/** Size up to which entries go into one message. */
export const BATCH_BYTES = 256 * 1024;
const PENDING_MAX = 5_000;
const TOUCH_BYTES = 512 * 1024;

export interface DeltaOutboxOptions {
  readonly clock: Clock;
  readonly send: (bytes: Buffer) => void;
  /** Called when own changes up to that counter were sent. */
  readonly onSent: (from: number, to: number) => void;
}

export class DeltaOutbox {
  readonly #options: DeltaOutboxOptions;
  /** In the order of their counters. */
  readonly #changes = new Map<string, MapEntry>();
  readonly #touches = new Map<string, number>();
  #sentTo = 0;
  #changeTimer: Timer | undefined;
  #touchTimer: Timer | undefined;

  constructor(options: DeltaOutboxOptions) {
    this.#options = options;
  }

  /** The counter of the last own change that was sent; 0 before the first. */
  get sentTo(): number {
    return this.#sentTo;
  }

  add(entry: MapEntry): void {
    this.#changes.delete(entry.key);
    this.#changes.set(entry.key, entry);
    this.#touches.delete(entry.key);
    if (this.#changes.size >= PENDING_MAX) this.#flushChanges();
    else this.#changeTimer ??= this.#options.clock.after(DELTA_MS, () => this.#flushChanges());
  }

  touch(key: string, ttlMs: number): void {
    if (this.#changes.has(key)) return;
    this.#touches.set(key, ttlMs);
    if (this.#touches.size >= TOUCHES_MAX) this.#flushTouches();
    else this.#touchTimer ??= this.#options.clock.after(TOUCH_MS, () => this.#flushTouches());
  }

  /** Sends what waits. */
  flush(): void {
    this.#flushChanges();
    this.#flushTouches();
  }

  #flushChanges(): void {
    this.#changeTimer?.cancel();
    this.#changeTimer = undefined;
    const changes = [...this.#changes.values()];
    this.#changes.clear();
    for (const entries of batches(changes)) this.#send(entries);
  }

  #send(entries: readonly MapEntry[]): void {
    const from = this.#sentTo;
    const to = entries.at(-1)?.version.counter ?? from;
    this.#sentTo = to;
    this.#options.onSent(from, to);
    this.#options.send(encodeFrame({ kind: "delta", from, to, entries }));
  }

  #flushTouches(): void {
    this.#touchTimer?.cancel();
    this.#touchTimer = undefined;
    let touches: Touch[] = [];
    let bytes = 0;
    for (const [key, ttlMs] of this.#touches) {
      touches.push({ key, ttlMs });
      bytes += 3 * key.length + 12;
      if (bytes < TOUCH_BYTES) continue;
      this.#options.send(encodeFrame({ kind: "touches", touches }));
      [touches, bytes] = [[], 0];
    }
    this.#touches.clear();
    if (touches.length > 0) this.#options.send(encodeFrame({ kind: "touches", touches }));
  }
}

/** Cuts entries into runs of at most BATCH_BYTES; a larger entry goes alone. */
export function* batches(entries: Iterable<MapEntry>): Generator<readonly MapEntry[]> {
  let batch: MapEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = entryBytesMax(entry);
    if (batch.length > 0 && bytes + size > BATCH_BYTES) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(entry);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
