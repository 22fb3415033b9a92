import assert from "node:assert/strict";
import { test } from "node:test";
import { MalformedBytes } from "../../../../src/cluster/byte-reader.ts";
import type { MapEntry } from "../../../../src/cluster/replicated-map.ts";
import {
  decodeFrame,
  encodeFrame,
  type MapFrame,
} from "../../../../src/cluster/replication/map-frames.ts";

function entry(key: string, value: string | undefined, writer = "a"): MapEntry {
  return { key, value, version: { counter: 2 ** 50 + 12_345, writer }, ttlMs: 60_000, idleMs: 5 };
}

const COUNTERS = new Map([
  ["a", 0],
  ["b", 2 ** 51],
]);
const ENTRIES = [
  entry("key", "value"),
  entry("ключ", "wért", "b"),
  entry("", ""),
  entry("long ".repeat(60), undefined),
];
const FRAMES: readonly MapFrame[] = [
  { kind: "delta", from: 1, to: 2 ** 51, entries: ENTRIES },
  { kind: "touches", touches: [{ key: "key", ttlMs: 2 ** 33 }] },
  { kind: "offer", isReply: true, counters: COUNTERS },
  { kind: "want", transfer: 7, counters: new Map() },
  { kind: "part", transfer: 7, entries: ENTRIES },
  { kind: "done", transfer: 7, parts: 3, counters: COUNTERS },
  { kind: "ask", question: 300, key: "key" },
  { kind: "answer", question: 300, entry: undefined },
  { kind: "answer", question: 300, entry: entry("key", "value") },
];

test("every message comes back as it was", () => {
  for (const frame of FRAMES) assert.deepEqual(decodeFrame(encodeFrame(frame)), frame);
});

test("a message that is cut off anywhere, but between two entries, is refused", () => {
  for (const frame of FRAMES.filter((sent) => !("entries" in sent) && sent.kind !== "answer")) {
    const bytes = encodeFrame(frame);
    for (let length = 0; length < bytes.length; length += 1)
      assert.throws(() => decodeFrame(bytes.subarray(0, length)), MalformedBytes);
  }
});

test("bytes after the end, unknown kinds and texts beyond their bounds are refused", () => {
  const ask = encodeFrame({ kind: "ask", question: 1, key: "key" });
  assert.throws(() => decodeFrame(Buffer.concat([ask, Buffer.of(0)])), MalformedBytes);
  assert.throws(() => decodeFrame(Buffer.of(99)), MalformedBytes);
  const long = encodeFrame({ kind: "ask", question: 1, key: "k".repeat(1025) });
  assert.throws(() => decodeFrame(long), MalformedBytes);
  const overflowing = Buffer.concat([Buffer.of(6), Buffer.alloc(9, 0xff)]);
  assert.throws(() => decodeFrame(overflowing), MalformedBytes);
});
