import assert from "node:assert/strict";
import { test } from "node:test";
import { MalformedBytes } from "../../../../src/cluster/byte-reader.ts";
import type { MapEntry } from "../../../../src/cluster/replicated-map.ts";
import { TTL_MS_MAX } from "../../../../src/cluster/replication/entry-codec.ts";
import { COUNTER_MAX } from "../../../../src/cluster/replication/entry-order.ts";
import {
  decodeFrame,
  encodeFrame,
  type MapFrame,
} from "../../../../src/cluster/replication/map-frames.ts";
import { SeededRandom, seedOfRun } from "../../../simulation/seeded-random.ts";

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

/** What is left of an entry once its message is gone. */
function kept({ key, value, version, ttlMs, idleMs }: MapEntry): MapEntry {
  return { key, value, version: { ...version }, ttlMs, idleMs };
}

/** The message with its entries in an array. */
function plain(frame: MapFrame): unknown {
  if (frame.kind === "answer") return { ...frame, entry: frame.entry && kept(frame.entry) };
  return "entries" in frame ? { ...frame, entries: entriesOf(frame) } : frame;
}

function entriesOf(frame: MapFrame): readonly MapEntry[] {
  const entries: MapEntry[] = [];
  if ("entries" in frame) frame.entries.forEach((read) => entries.push(kept(read)));
  return entries;
}

function roundTrip(entries: readonly MapEntry[]): readonly MapEntry[] {
  return entriesOf(decodeFrame(encodeFrame({ kind: "part", transfer: 1, entries })));
}

test("every message comes back as it was", () => {
  for (const frame of FRAMES) assert.deepEqual(plain(decodeFrame(encodeFrame(frame))), frame);
});

test("entries come back whatever is in them and however much of it repeats", () => {
  const seed = seedOfRun();
  const random = new SeededRandom(seed);
  const text = (prefix: string, kinds: number): string =>
    `${prefix}${random.whole(0, kinds)}${random.happens(0.1) ? "ü€😀\u0000".repeat(random.whole(0, 60)) : ""}`;
  for (let run = 0; run < 200; run += 1) {
    const kinds = random.whole(1, 600);
    const entries = Array.from({ length: random.whole(0, 700) }, () => {
      const ttlMs = random.happens(0.8) ? 60_000 : random.whole(1, TTL_MS_MAX);
      return {
        key: text("key ", 1e6),
        value: random.happens(0.1) ? undefined : text("value ", kinds),
        version: {
          counter: random.whole(0, COUNTER_MAX),
          writer: `writer ${random.whole(0, kinds)}`,
        },
        ttlMs,
        idleMs: random.whole(0, ttlMs),
      };
    });
    assert.deepEqual(roundTrip(entries), entries, `seed ${seed}, run ${run}`);
  }
});

test("the extremes of a counter follow on each other", () => {
  const entries = [0, COUNTER_MAX, 0, 1, COUNTER_MAX - 1].map((counter) => ({
    ...entry("key", "value"),
    version: { counter, writer: "a" },
  }));
  assert.deepEqual(roundTrip(entries), entries);
});

test("a value and a writer that repeat take a byte each", () => {
  const size = (count: number): number =>
    encodeFrame({
      kind: "part",
      transfer: 1,
      entries: Array.from({ length: count }, () => entry("k".repeat(32), "v".repeat(32))),
    }).length;
  assert.equal(size(101) - size(100), 1 + 32 + 1 + 1 + 1 + 1);
});

test("damaged bytes are refused or are other entries, and nothing else happens", () => {
  const random = new SeededRandom(seedOfRun());
  const whole = encodeFrame({ kind: "part", transfer: 7, entries: ENTRIES });
  let refused = 0;
  for (let run = 0; run < 20_000; run += 1) {
    const bytes = Buffer.from(whole);
    for (let hits = random.whole(1, 4); hits > 0; hits -= 1)
      bytes[random.whole(0, bytes.length - 1)] = random.whole(0, 255);
    try {
      for (const { key, version, ttlMs, idleMs } of entriesOf(decodeFrame(bytes))) {
        assert.ok(Buffer.byteLength(key) <= 1024 && idleMs <= ttlMs && ttlMs <= TTL_MS_MAX);
        assert.ok(version.counter >= 0 && version.counter <= COUNTER_MAX);
      }
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      refused += 1;
    }
  }
  assert.ok(refused > 5_000, `${refused} refused`);
});

test("a message with a damaged last entry is refused before an entry of it is taken", () => {
  const bytes = encodeFrame({ kind: "part", transfer: 7, entries: ENTRIES });
  assert.throws(() => decodeFrame(bytes.subarray(0, -1)), MalformedBytes);
});

test("entries that no writer makes are refused", () => {
  const part = (...bytes: number[]): Buffer => Buffer.of(4, 1, ...bytes);
  const [K, A] = [0x6b, 0x61];
  const good = part(1, K, 4 * 2, 1, A, 5, 1, 1, A, 9, 0);
  assert.deepEqual(entriesOf(decodeFrame(good)), [
    { key: "k", value: "a", version: { counter: 5, writer: "a" }, ttlMs: 9, idleMs: 0 },
  ]);
  const refusals: readonly (readonly [RegExp, Buffer])[] = [
    [/key is no UTF-8/, part(1, 0xff, 4 * 2, 1, A, 5, 1, 1, A, 9, 0)],
    [/number of value was not given/, part(1, K, 4 * 3, 1, A, 5, 1, 1, A, 9, 0)],
    [/number of writer was not given/, part(1, K, 4 * 2, 1, A, 5, 2, 1, A, 9, 0)],
    [/counter is out of its bounds/, part(1, K, 4 * 2 + 2, 1, A, 5, 1, 1, A, 9, 0)],
    [/ttlMs is 0/, part(1, K, 4 * 2 + 1, 1, A, 5, 1, 1, A, 0)],
    [/ttlMs is 0/, part(1, K, 4 * 2, 1, A, 5, 1, 1, A, 0, 0)],
    [/idleMs is greater than 9/, part(1, K, 4 * 2, 1, A, 5, 1, 1, A, 9, 10)],
    [/key is cut off/, part(9, K)],
    [/key is longer than 1024 bytes/, part(0x81, 0x08)],
  ];
  for (const [expected, bytes] of refusals) assert.throws(() => decodeFrame(bytes), expected);
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
