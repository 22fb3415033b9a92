/**
 * Entries of a map in the messages of `map-frames.ts`. A message names each writer once, at its first entry, and
 * refers to it by number afterwards. Limits of keys and values are here, and `checkEntry` for what a node itself writes.
 */
import { AppError } from "../../errors/app-error.ts";
import { type ByteReader, MalformedBytes } from "../byte-reader.ts";
import type { ByteWriter } from "../byte-writer.ts";
import type { MapEntry } from "../replicated-map.ts";
import { COUNTER_MAX } from "./entry-order.ts";

/** Largest key and value, in bytes of UTF-8. */
export const KEY_BYTES_MAX = 1024;
export const VALUE_BYTES_MAX = 64 * 1024;
/** Longest idle time: ten years. */
export const TTL_MS_MAX = 10 * 366 * 24 * 3_600_000;

const WRITER_BYTES_MAX = 64;

/** An upper bound of the bytes that an entry takes in a message. */
export function entryBytesMax({ key, value }: MapEntry): number {
  return 3 * (key.length + (value?.length ?? 0)) + WRITER_BYTES_MAX + 40;
}

export class EntryWriter {
  readonly #out: ByteWriter;
  readonly #writers = new Map<string, number>();
  #lastWriter = "";
  #lastNumber = -1;

  constructor(out: ByteWriter) {
    this.#out = out;
  }

  write({ key, value, version, ttlMs, idleMs }: MapEntry): void {
    this.#out.text(key).whole(version.counter);
    this.#writeWriter(version.writer);
    this.#out.whole(ttlMs).whole(Math.min(ttlMs, Math.max(0, Math.floor(idleMs))));
    this.#out.whole(value === undefined ? 0 : 1);
    if (value !== undefined) this.#out.text(value);
  }

  #writeWriter(writer: string): void {
    const isLast = writer === this.#lastWriter && this.#lastNumber >= 0;
    const known = isLast ? this.#lastNumber : this.#writers.get(writer);
    const number = known ?? this.#writers.size;
    this.#out.whole(number);
    this.#lastWriter = writer;
    this.#lastNumber = number;
    if (known !== undefined) return;
    this.#writers.set(writer, number);
    this.#out.text(writer);
  }
}

export class EntryReader {
  readonly #from: ByteReader;
  readonly #writers: string[] = [];

  constructor(from: ByteReader) {
    this.#from = from;
  }

  /** @throws MalformedBytes. */
  read(): MapEntry {
    const from = this.#from;
    const key = from.text("key", KEY_BYTES_MAX);
    const counter = from.whole("counter", COUNTER_MAX);
    const writer = this.#readWriter();
    const ttlMs = from.whole("ttlMs", TTL_MS_MAX);
    if (ttlMs === 0) throw new MalformedBytes("ttlMs is 0");
    const idleMs = from.whole("idleMs", ttlMs);
    const hasValue = from.whole("the mark of a value", 1) === 1;
    const value = hasValue ? from.text("value", VALUE_BYTES_MAX) : undefined;
    return { key, value, version: { counter, writer }, ttlMs, idleMs };
  }

  #readWriter(): string {
    const number = this.#from.whole("the number of a writer", this.#writers.length);
    const known = this.#writers[number];
    if (known !== undefined) return known;
    const writer = this.#from.text("writer", WRITER_BYTES_MAX);
    this.#writers.push(writer);
    return writer;
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
