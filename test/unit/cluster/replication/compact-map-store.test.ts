import assert from "node:assert/strict";
import { test } from "node:test";
import type { MapEntry } from "../../../../src/cluster/replicated-map.ts";
import { CompactMapStore } from "../../../../src/cluster/replication/compact-map-store.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";
import { SeededRandom, seedOfRun } from "../../../simulation/seeded-random.ts";

let counter = 0;

function entry(key: string, value: string | undefined, given: Partial<MapEntry> = {}): MapEntry {
  const version = { counter: (counter += 1), writer: `writer ${counter % 3}` };
  return { key, value, version, ttlMs: 1_000, idleMs: 0, ...given };
}

test("an entry is kept with its version until it was idle for its time", () => {
  const clock = new FakeClock();
  const store = new CompactMapStore(clock, 10);
  const kept = entry("key", "value");
  store.merge(kept, clock.monotonicMs());
  clock.advance(400);
  assert.deepEqual(store.entry("key"), { ...kept, idleMs: 400 });
  store.touch("key", 1_000);
  clock.advance(999);
  assert.equal(store.get("key"), "value");
  clock.advance(1);
  assert.equal(store.get("key"), undefined);
  assert.deepEqual(store.version("key"), kept.version);
  assert.deepEqual(store.expire(), ["key"]);
  assert.deepEqual([store.size, store.version("key")], [0, undefined]);
});

test("the same version again takes the shorter idle time", () => {
  const clock = new FakeClock();
  const store = new CompactMapStore(clock, 10);
  const kept = entry("key", "value");
  store.merge(kept, clock.monotonicMs());
  clock.advance(600);
  store.merge({ ...kept, idleMs: 100 }, clock.monotonicMs());
  assert.equal(store.entry("key")?.idleMs, 100);
  store.merge({ ...kept, idleMs: 900 }, clock.monotonicMs());
  assert.equal(store.entry("key")?.idleMs, 100);
});

test("a deletion is an entry without a value, which is neither counted nor touched", () => {
  const clock = new FakeClock();
  const store = new CompactMapStore(clock, 10);
  store.merge(entry("key", "value"), clock.monotonicMs());
  store.merge(entry("key", undefined), clock.monotonicMs());
  assert.deepEqual([store.size, store.get("key"), [...store.entries()].length], [0, undefined, 1]);
  store.touch("key", 10_000);
  clock.advance(1_000);
  assert.deepEqual([store.expire(), store.version("key")], [[], undefined]);
});

test("beyond its bound the entry that was idle for longest goes", () => {
  const clock = new FakeClock();
  const store = new CompactMapStore(clock, 3);
  for (const key of ["a", "b", "c"]) store.merge(entry(key, key), clock.monotonicMs());
  store.touch("a", 1_000);
  store.merge(entry("d", "d"), clock.monotonicMs());
  assert.deepEqual(
    ["a", "b", "c", "d"].map((key) => store.get(key)),
    ["a", undefined, "c", "d"],
  );
  assert.equal(store.size, 3);
});

test("behaves as a plain map does, whatever is done to it", () => {
  const clock = new FakeClock();
  const store = new CompactMapStore(clock, 1_000);
  const plain = new Map<string, string | undefined>();
  const random = new SeededRandom(seedOfRun());
  for (let step = 0; step < 20_000; step += 1) {
    const key = `key ${random.whole(0, 300)}`;
    const value = random.happens(0.3) ? undefined : `value ${random.whole(0, 5)}`;
    store.version(`key ${random.whole(0, 300)}`);
    store.merge(entry(key, value, { ttlMs: 1e9 }), clock.monotonicMs());
    plain.set(key, value);
  }
  for (const [key, value] of plain) assert.equal(store.get(key), value);
  assert.equal(store.size, [...plain.values()].filter((value) => value !== undefined).length);
  assert.deepEqual(
    [...store.entries()].map(({ key }) => key).toSorted(),
    [...plain.keys()].toSorted(),
  );
});
