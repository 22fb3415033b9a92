/** A replicated map over a store that the test owns, on a virtual clock. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { ARRIVAL_MS } from "../../../../src/cluster/hazelcast/hazelcast-timing.ts";
import { HazelcastMap } from "../../../../src/cluster/hazelcast/hazelcast-map.ts";
import { MapParts } from "../../../../src/cluster/hazelcast/map-parts.ts";
import type { StoreEvent, StoreMap } from "../../../../src/cluster/hazelcast/store.ts";
import { ValueSeal } from "../../../../src/cluster/hazelcast/value-seal.ts";
import { Complaints } from "../../../../src/cluster/swim/complaints.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";
import { MemoryLog } from "../../../helpers/memory-log.ts";

/** Keeps every entry for ever, as the store does for a while beyond its idle time. */
class KeepingStore {
  readonly values = new Map<string, Buffer>();
  readonly handlers: ((event: StoreEvent) => void)[] = [];
  /** Events are held back until the test lets them go. */
  readonly held: StoreEvent[] = [];

  map(name: string): StoreMap {
    const place = (key: string): string => `${name} ${key}`;
    const done = (): Promise<void> => Promise.resolve();
    return {
      set: async (key, value) => {
        this.values.set(place(key), value);
        this.held.push({ kind: "set", key, value });
      },
      get: async (key) => this.values.get(place(key)),
      replace: () => Promise.resolve(true),
      delete: done,
      keys: () => Promise.resolve([]),
      entries: () => Promise.resolve([]),
      tryLock: () => Promise.resolve(true),
      unlock: done,
      listen: (handler) => void this.handlers.push(handler),
    };
  }

  deliver(): void {
    for (const event of this.held.splice(0)) for (const handler of this.handlers) handler(event);
  }
}

function setUp() {
  const clock = new FakeClock();
  const store = new KeepingStore();
  const seal = new ValueSeal([randomBytes(32)]);
  const isConnected = true;
  const parts = new MapParts(
    {
      isConnected,
      watch() {},
      topic: neverUsed,
      close: neverUsed,
      map: (name) => store.map(name),
    },
    "m",
    seal,
  );
  const log = new MemoryLog();
  const complaints = new Complaints(clock, log);
  const open = (writer: string): HazelcastMap =>
    new HazelcastMap(
      { name: "m", parts, seal, writer, complaints, log, clock, onClose: () => undefined },
      {},
    );
  return { clock, store, here: open("here"), there: open("there") };
}

function neverUsed(): never {
  throw new Error("a map does not use it");
}

test("an entry that is idle for too long is not brought back by what the store still holds", async () => {
  const { clock, store, here, there } = setUp();
  here.set("key", "value", 2_000);
  await clock.advanceAsync(100);
  store.deliver();
  assert.equal(there.get("key"), "value");
  await clock.advanceAsync(4_000);
  assert.equal(store.values.size, 1);
  const asked = there.ask("key", 100);
  await clock.advanceAsync(200);
  assert.equal(await asked, undefined);
  here.set("key", "again", 2_000);
  await clock.advanceAsync(100);
  const askedAgain = there.ask("key", 100);
  store.deliver();
  await clock.advanceAsync(200);
  assert.equal(await askedAgain, "again");
});

test("an entry that is on its way to the store is waited for, within the bound", async () => {
  const { clock, store, here, there } = setUp();
  const asked = there.ask("key", 1_000);
  await clock.advanceAsync(5);
  here.set("key", "value", 2_000);
  await clock.advanceAsync(ARRIVAL_MS - 10);
  store.deliver();
  await clock.advanceAsync(10);
  assert.equal(await asked, "value");
  const startedMs = clock.monotonicMs();
  const unknown = there.ask("unknown", 20).then(() => clock.monotonicMs() - startedMs);
  await clock.advanceAsync(100, 5);
  assert.equal(await unknown, 20);
});
