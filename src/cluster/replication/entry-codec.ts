/**
 * Entries of a map in the messages of `map-frames.ts`: key, mark, value, step of the counter from that of the entry before
 * it, writer, idle time where it changes, time since the last use. Writers and values that repeat are numbers
 * (`text-numbers.ts`). Limits of keys and values are here, and `checkEntry` for what a node itself writes.
 */
import { AppError } from "../../errors/app-error.ts";
import { type ByteReader, MalformedBytes } from "../byte-reader.ts";
import type { ByteWriter } from "../byte-writer.ts";
import { EntryView } from "../entry-view.ts";
import type { MapEntry } from "../replicated-map.ts";
import { COUNTER_MAX } from "./entry-order.ts";
import { NumberedTexts, TEXT_NUMBER_MAX, TextNumbers } from "./text-numbers.ts";

/** Largest key and value, in bytes of UTF-8. */
export const KEY_BYTES_MAX = 1024;
export const VALUE_BYTES_MAX = 64 * 1024;
/** Longest idle time: ten years. */
export const TTL_MS_MAX = 10 * 366 * 24 * 3_600_000;

const WRITER_BYTES_MAX = 64;

/** The entries of a message, in an array where it is written, as an `EntryList` where it was read. */
export interface Entries {
  forEach(take: (entry: MapEntry) => void): void;
}

/** An upper bound of the bytes that an entry takes in a message. */
export function entryBytesMax({ key, value }: MapEntry): number {
  return 3 * (key.length + (value?.length ?? 0)) + WRITER_BYTES_MAX + 40;
}

/** What an entry has in common with the one before it in the message, beside the number of its value. */
const SAME_TTL = 1;
const LOWER_COUNTER = 2;
/** The number of the value stands behind these bits: 0 is a deletion, otherwise that of `TextNumbers` and one. */
const VALUE_STEP = 4;
const MARK_MAX = (TEXT_NUMBER_MAX + 1) * VALUE_STEP + SAME_TTL + LOWER_COUNTER;

export class EntryWriter {
  readonly #out: ByteWriter;
  readonly #writers = new TextNumbers();
  readonly #values = new TextNumbers();
  #counter = 0;
  #ttlMs = 0;

  constructor(out: ByteWriter) {
    this.#out = out;
  }

  write(entry: MapEntry): void {
    const { version, value, ttlMs } = entry;
    if (entry.keyBytes) this.#out.textBytes(entry.keyBytes);
    else this.#out.text(entry.key);
    const valueNumber = value === undefined ? 0 : this.#values.numberOf(value);
    this.#writeMark(entry, value === undefined ? 0 : valueNumber + 1);
    if (value !== undefined) this.#values.writeNew(this.#out, valueNumber, value);
    this.#out.whole(Math.abs(version.counter - this.#counter));
    const writerNumber = this.#writers.numberOf(version.writer);
    this.#out.whole(writerNumber);
    this.#writers.writeNew(this.#out, writerNumber, version.writer);
    if (ttlMs !== this.#ttlMs) this.#out.whole(ttlMs);
    this.#out.whole(Math.min(ttlMs, Math.max(0, Math.floor(entry.idleMs))));
    this.#counter = version.counter;
    this.#ttlMs = ttlMs;
  }

  #writeMark({ ttlMs, version }: MapEntry, value: number): void {
    const same = ttlMs === this.#ttlMs ? SAME_TTL : 0;
    const lower = version.counter < this.#counter ? LOWER_COUNTER : 0;
    this.#out.whole(value * VALUE_STEP + same + lower);
  }
}

export class EntryReader {
  readonly #from: ByteReader;
  readonly #writers = new NumberedTexts("writer", WRITER_BYTES_MAX);
  readonly #values = new NumberedTexts("value", VALUE_BYTES_MAX);
  readonly #entry = new EntryView();

  constructor(from: ByteReader) {
    this.#from = from;
    this.restart();
  }

  /** The next entry is the first one of its message. */
  restart(): void {
    this.#writers.clear();
    this.#values.clear();
    this.#entry.version.counter = 0;
    this.#entry.ttlMs = 0;
  }

  /** The next entry, in the same object each time. @throws MalformedBytes. */
  read(): MapEntry {
    const from = this.#from;
    const entry = this.#entry;
    from.textBytes("key", KEY_BYTES_MAX, entry.keyBytes);
    const mark = from.whole("the mark of an entry", MARK_MAX);
    const value = Math.floor(mark / VALUE_STEP);
    entry.value = value === 0 ? undefined : this.#values.read(from, value - 1);
    this.#readVersion((mark & LOWER_COUNTER) > 0);
    if ((mark & SAME_TTL) === 0) entry.ttlMs = from.whole("ttlMs", TTL_MS_MAX);
    if (entry.ttlMs === 0) throw new MalformedBytes("ttlMs is 0");
    entry.idleMs = from.whole("idleMs", entry.ttlMs);
    return entry;
  }

  #readVersion(isLower: boolean): void {
    const { version } = this.#entry;
    const step = this.#from.whole("the step of the counter", COUNTER_MAX);
    version.counter += isLower ? -step : step;
    if (version.counter < 0 || version.counter > COUNTER_MAX)
      throw new MalformedBytes("counter is out of its bounds");
    const number = this.#from.whole("the number of a writer", TEXT_NUMBER_MAX);
    version.writer = this.#writers.read(this.#from, number);
  }
}

/** The entries of a message up to its end: all are checked before the first one is looked at. */
export class EntryList implements Entries {
  readonly #from: ByteReader;
  readonly #reader: EntryReader;
  readonly #start: number;

  /** Reads to the end. @throws MalformedBytes. */
  constructor(from: ByteReader) {
    this.#from = from;
    this.#reader = new EntryReader(from);
    this.#start = from.position;
    while (!from.isAtEnd) this.#reader.read();
  }

  /** Each entry is valid during its call only. */
  forEach(take: (entry: MapEntry) => void): void {
    this.#from.returnTo(this.#start);
    this.#reader.restart();
    while (!this.#from.isAtEnd) take(this.#reader.read());
  }
}

/** @throws AppError CLUSTER_LIMIT when the entry is larger than others accept. */
export function checkEntry(map: string, key: string, value: string, ttlMs: number): void {
  const refuse = (what: string): AppError =>
    new AppError("CLUSTER_LIMIT", `an entry of the map "${map}" cannot be shared: ${what}`);
  if (Buffer.byteLength(key) > KEY_BYTES_MAX)
    throw refuse(`its key takes more than ${KEY_BYTES_MAX} bytes`);
  if (Buffer.byteLength(value) > VALUE_BYTES_MAX)
    throw refuse(`its value takes more than ${VALUE_BYTES_MAX} bytes`);
  if (!Number.isSafeInteger(ttlMs) || ttlMs < 1 || ttlMs > TTL_MS_MAX)
    throw refuse(`its idle time is no whole number of milliseconds from 1 to ${TTL_MS_MAX}`);
}
