/** What a replicated map expects of every store: the one of the maps themselves, and the shared session table. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { MapEntry, MapStore } from "../../../../src/cluster/replicated-map.ts";
import { CompactMapStore } from "../../../../src/cluster/replication/compact-map-store.ts";
import { decodeFrame, encodeFrame } from "../../../../src/cluster/replication/map-frames.ts";
import { SharedSessionStore } from "../../../../src/gateway/upstream/shared-session-store.ts";
import type { Clock } from "../../../../src/runtime/clock.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";

const STORES: readonly (readonly [string, (clock: Clock) => MapStore])[] = [
  ["CompactMapStore", (clock) => new CompactMapStore(clock, 1_000)],
  ["SharedSessionStore", (clock) => new SharedSessionStore(clock, 1_000)],
];

function entry(counter: number, value: string | undefined, given: Partial<MapEntry> = {}) {
  const version = { counter, writer: "b" };
  return { key: "key", value, version, ttlMs: 1_000, idleMs: 0, ...given };
}

for (const [name, make] of STORES) {
  test(`${name} says what became of an entry, and the newest one wins`, () => {
    const clock = new FakeClock();
    const store = make(clock);
    const merge = (given: MapEntry): string => store.merge(given, clock.monotonicMs());
    assert.equal(merge(entry(5, "late", { idleMs: 1_000 })), "unnoticed");
    assert.equal(store.version("key"), undefined);
    assert.equal(merge(entry(5, "five")), "written");
    assert.equal(merge(entry(5, "five", { idleMs: 3 })), "same");
    assert.equal(merge(entry(4, "four")), "older");
    assert.equal(merge(entry(4, undefined)), "older");
    const lower = { version: { counter: 5, writer: "a" } };
    assert.equal(merge(entry(5, "other", lower)), "older");
    const higher = { version: { counter: 5, writer: "c" } };
    assert.equal(merge(entry(5, "other", higher)), "written");
    assert.equal(store.get("key"), "other");
    assert.equal(merge(entry(6, undefined)), "deleted");
    assert.equal(merge(entry(7, undefined)), "unnoticed");
    assert.deepEqual([store.get("key"), store.size], [undefined, 0]);
    assert.deepEqual(store.version("key"), { counter: 7, writer: "b" });
    assert.equal(merge(entry(8, "eight")), "written");
    clock.advance(1_000);
    assert.equal(merge(entry(9, undefined)), "unnoticed");
  });

  test(`${name} keeps from a message what it would keep from the entries themselves`, () => {
    const clock = new FakeClock();
    const [direct, read] = [make(clock), make(clock)];
    const keys = ["a", "a\0", "é", "x".repeat(40), "0123", "01234", "\0"];
    const entries = keys.map((key, index) =>
      entry(100 - index, index % 3 === 0 ? undefined : `value ${index % 2}`, {
        key,
        idleMs: index,
      }),
    );
    const message = decodeFrame(encodeFrame({ kind: "part", transfer: 1, entries }));
    for (const given of entries) direct.merge(given, clock.monotonicMs());
    assert.ok(message.kind === "part");
    message.entries.forEach((given) => read.merge(given, clock.monotonicMs()));
    for (const [index, key] of keys.entries()) {
      assert.deepEqual(read.entry(key), direct.entry(key));
      assert.deepEqual(read.entry(key), entries[index]);
    }
  });

  test(`${name} hands over in a message what it has, while it changes`, () => {
    const clock = new FakeClock();
    const [store, copy] = [make(clock), make(clock)];
    for (let index = 0; index < 300; index += 1)
      store.merge(entry(index + 1, `v${index % 7}`, { key: `k${index}` }), clock.monotonicMs());
    let step = 0;
    for (const walked of store.entries()) {
      const frame = decodeFrame(encodeFrame({ kind: "part", transfer: 1, entries: [walked] }));
      assert.ok(frame.kind === "part");
      frame.entries.forEach((given) => copy.merge(given, clock.monotonicMs()));
      if ((step += 1) % 10 === 0)
        store.merge(entry(1_000 + step, "new", { key: `k${299 - step}` }), clock.monotonicMs());
    }
    for (let index = 0; index < 300; index += 1) {
      const had = copy.get(`k${index}`);
      assert.ok(had === `v${index % 7}` || had === "new", `k${index}: ${had}`);
    }
  });
}
