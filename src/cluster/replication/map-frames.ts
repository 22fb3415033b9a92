/**
 * The messages of a replicated map, one kind a message, in the binary form of `ByteWriter`. The channel names the map
 * and the messenger the sender, so neither is in them. Entries are in `entry-codec.ts`.
 */
import { ByteReader, MalformedBytes } from "../byte-reader.ts";
import { ByteWriter } from "../byte-writer.ts";
import type { MapEntry } from "../replicated-map.ts";
import {
  type Entries,
  EntryList,
  EntryReader,
  EntryWriter,
  KEY_BYTES_MAX,
  TTL_MS_MAX,
} from "./entry-codec.ts";
import { COUNTER_MAX } from "./entry-order.ts";
import { WRITERS_MAX } from "./version-vector.ts";

export type Counters = ReadonlyMap<string, number>;

export interface Touch {
  readonly key: string;
  readonly ttlMs: number;
}

export type MapFrame =
  /** The sender's own changes behind the counter `from`, up to `to`. */
  | {
      readonly kind: "delta";
      readonly from: number;
      readonly to: number;
      readonly entries: Entries;
    }
  | { readonly kind: "touches"; readonly touches: readonly Touch[] }
  /** What the sender has; `isReply` ends the exchange. */
  | { readonly kind: "offer"; readonly isReply: boolean; readonly counters: Counters }
  /** Asks for all entries beyond those counters, as the parts of transfer `transfer`. */
  | { readonly kind: "want"; readonly transfer: number; readonly counters: Counters }
  | { readonly kind: "part"; readonly transfer: number; readonly entries: Entries }
  /** The transfer had that many parts; the receiver then has what the sender had when it began. */
  | {
      readonly kind: "done";
      readonly transfer: number;
      readonly parts: number;
      readonly counters: Counters;
    }
  | { readonly kind: "ask"; readonly question: number; readonly key: string }
  | { readonly kind: "answer"; readonly question: number; readonly entry: MapEntry | undefined };

const KINDS = ["delta", "touches", "offer", "want", "part", "done", "ask", "answer"] as const;
const NUMBER_MAX = 2 ** 48;
const WRITER_BYTES_MAX = 64;
/** Touches of one message. */
export const TOUCHES_MAX = 20_000;

/** A part of a transfer is sent once it has so many bytes; the last entry may take it beyond by its own size. */
const PART_BYTES = 256 * 1024;
/** Room for a last entry as session tables have it. */
const PART_BYTES_EXTRA = 1024;

/** A part of a transfer, to which entries are written one by one; `encodeFrame` makes the same of a list. */
export class PartFrame {
  readonly #out = new ByteWriter(PART_BYTES + PART_BYTES_EXTRA);
  readonly #entries: EntryWriter;

  constructor(transfer: number) {
    this.#out.whole(KINDS.indexOf("part")).whole(transfer);
    this.#entries = new EntryWriter(this.#out);
  }

  /** It has the size of a part. */
  get isFull(): boolean {
    return this.#out.length >= PART_BYTES;
  }

  add(entry: MapEntry): void {
    this.#entries.write(entry);
  }

  finish(): Buffer {
    return this.#out.finish();
  }
}

export function encodeFrame(frame: MapFrame): Buffer {
  return writeFrame(new ByteWriter().whole(KINDS.indexOf(frame.kind)), frame).finish();
}

function writeFrame(out: ByteWriter, frame: MapFrame): ByteWriter {
  switch (frame.kind) {
    case "delta":
      out.whole(frame.from).whole(frame.to);
      return writeEntries(out, frame.entries);
    case "touches":
      out.whole(frame.touches.length);
      for (const { key, ttlMs } of frame.touches) out.text(key).whole(ttlMs);
      return out;
    case "offer":
      return writeCounters(out.whole(Number(frame.isReply)), frame.counters);
    case "want":
      return writeCounters(out.whole(frame.transfer), frame.counters);
    case "part":
      return writeEntries(out.whole(frame.transfer), frame.entries);
    case "done":
      return writeCounters(out.whole(frame.transfer).whole(frame.parts), frame.counters);
    case "ask":
      return out.whole(frame.question).text(frame.key);
    case "answer":
      break;
  }
  return writeEntries(out.whole(frame.question), frame.entry ? [frame.entry] : []);
}

/** @throws MalformedBytes. */
export function decodeFrame(bytes: Buffer): MapFrame {
  const from = new ByteReader(bytes);
  const frame = readFrame(from);
  from.end();
  return frame;
}

function readFrame(from: ByteReader): MapFrame {
  const kind = KINDS[from.whole("the kind", KINDS.length - 1)];
  switch (kind) {
    case "delta":
      return {
        kind,
        from: from.whole("from", COUNTER_MAX),
        to: from.whole("to", COUNTER_MAX),
        entries: new EntryList(from),
      };
    case "touches":
      return { kind, touches: readTouches(from) };
    case "offer":
      return { kind, isReply: from.whole("isReply", 1) === 1, counters: readCounters(from) };
    case "want":
      return { kind, transfer: from.whole("transfer", NUMBER_MAX), counters: readCounters(from) };
    case "part":
      return { kind, transfer: from.whole("transfer", NUMBER_MAX), entries: new EntryList(from) };
    case "done":
      return {
        kind,
        transfer: from.whole("transfer", NUMBER_MAX),
        parts: from.whole("parts", NUMBER_MAX),
        counters: readCounters(from),
      };
    case "ask":
      return {
        kind,
        question: from.whole("question", NUMBER_MAX),
        key: from.text("key", KEY_BYTES_MAX),
      };
    case "answer":
      return { kind, question: from.whole("question", NUMBER_MAX), entry: readAnswer(from) };
    case undefined:
      break;
  }
  throw new MalformedBytes("the kind is unknown");
}

function writeEntries(out: ByteWriter, entries: Entries): ByteWriter {
  const writer = new EntryWriter(out);
  entries.forEach((entry) => writer.write(entry));
  return out;
}

function readAnswer(from: ByteReader): MapEntry | undefined {
  return from.isAtEnd ? undefined : new EntryReader(from).read();
}

function readTouches(from: ByteReader): readonly Touch[] {
  const count = from.whole("the number of touches", TOUCHES_MAX);
  const touches: Touch[] = [];
  for (let read = 0; read < count; read += 1) {
    const key = from.text("key", KEY_BYTES_MAX);
    touches.push({ key, ttlMs: Math.max(1, from.whole("ttlMs", TTL_MS_MAX)) });
  }
  return touches;
}

function writeCounters(out: ByteWriter, counters: Counters): ByteWriter {
  out.whole(counters.size);
  for (const [writer, counter] of counters) out.text(writer).whole(counter);
  return out;
}

function readCounters(from: ByteReader): Counters {
  const count = from.whole("the number of writers", WRITERS_MAX);
  const counters = new Map<string, number>();
  for (let read = 0; read < count; read += 1) {
    const writer = from.text("writer", WRITER_BYTES_MAX);
    counters.set(writer, from.whole("counter", COUNTER_MAX));
  }
  return counters;
}
