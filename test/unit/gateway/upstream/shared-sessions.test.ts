/** The shared session table: the compact store, what is told to other gateways, and what they are asked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { MapEntry, MapStore, ReplicatedMap } from "../../../../src/cluster/replicated-map.ts";
import { NamePool } from "../../../../src/gateway/upstream/name-pool.ts";
import { SHARED_SESSION_BYTES } from "../../../../src/gateway/upstream/session-columns.ts";
import { SessionZones } from "../../../../src/gateway/upstream/session-zones.ts";
import { SharedSessions } from "../../../../src/gateway/upstream/shared-sessions.ts";
import { SharedSessionStore } from "../../../../src/gateway/upstream/shared-session-store.ts";
import type { Clock } from "../../../../src/runtime/clock.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";

const TTL_MS = 60_000;

function entry(key: string, value: string | undefined, given: Partial<MapEntry> = {}): MapEntry {
  return {
    key,
    value,
    version: { counter: 1, writer: "gateway-1" },
    ttlMs: TTL_MS,
    idleMs: 0,
    ...given,
  };
}

/** What a walk shows, kept: the entries are one object. */
function listed(store: MapStore): readonly MapEntry[] {
  return Array.from(store.entries(), ({ key, value, version, ttlMs, idleMs }) => ({
    key,
    value,
    version: { ...version },
    ttlMs,
    idleMs,
  }));
}

/** A map without peers: writes go into the store, questions are answered from `answers`. */
class LoneMap implements ReplicatedMap {
  readonly name: string;
  readonly store: MapStore;
  readonly clock: Clock;
  readonly calls: string[] = [];
  readonly answers = new Map<string, string>();
  #counter = 0;

  constructor(name: string, store: MapStore, clock: Clock) {
    this.name = name;
    this.store = store;
    this.clock = clock;
  }
  get size(): number {
    return this.store.size;
  }
  get(key: string): string | undefined {
    return this.store.get(key);
  }
  set(key: string, value: string, ttlMs: number): void {
    this.calls.push(`set ${key} ${value}`);
    const version = { counter: ++this.#counter, writer: "me" };
    this.store.merge({ key, value, version, ttlMs, idleMs: 0 }, this.clock.monotonicMs());
  }
  touch(key: string, ttlMs: number): void {
    this.calls.push(`touch ${key}`);
    this.store.touch(key, ttlMs);
  }
  delete(key: string): void {
    this.calls.push(`delete ${key}`);
  }
  ask(key: string): Promise<string | undefined> {
    this.calls.push(`ask ${key}`);
    const answer = this.answers.get(key);
    if (answer !== undefined) this.store.merge(entry(key, answer), this.clock.monotonicMs());
    return Promise.resolve(answer);
  }
  on(): () => void {
    return () => {};
  }
  close(): Promise<void> {
    this.calls.push("close");
    return Promise.resolve();
  }
}

function sharedSessions(bytes = 1 << 20) {
  const clock = new FakeClock();
  const maps: LoneMap[] = [];
  const share = (zone: string, store: MapStore): ReplicatedMap => {
    const map = new LoneMap(zone, store, clock);
    maps.push(map);
    return map;
  };
  const sessions = new SharedSessions({ zone: "z", bytes, timeoutMs: TTL_MS, clock, share });
  const [map] = maps;
  assert.ok(map);
  return { clock, sessions, map };
}

test("a pool numbers a name once and gives its number away when nobody uses it", () => {
  const pool = new NamePool();
  const first = pool.take("a");
  assert.equal(pool.take("a"), first);
  pool.giveBack(first ?? 0);
  assert.equal(pool.nameOf(first ?? 0), "a");
  pool.giveBack(first ?? 0);
  assert.equal(pool.take("b"), first);
  pool.giveBack(0);
  assert.equal(pool.nameOf(0), "");
});

test("a pool has room for 65535 names at a time", () => {
  const pool = new NamePool();
  for (let count = 1; count <= 65_535; count++) assert.equal(pool.take(`n${count}`), count);
  assert.equal(pool.take("one more"), undefined);
  pool.giveBack(7);
  assert.equal(pool.take("one more"), 7);
});

test("the store keeps value and version, and a deletion as an entry without a value", () => {
  const clock = new FakeClock();
  const store = new SharedSessionStore(clock, 10);
  store.merge(entry("s", "server"), clock.monotonicMs());
  assert.equal(store.get("s"), "server");
  assert.deepEqual(store.version("s"), { counter: 1, writer: "gateway-1" });
  assert.deepEqual(store.entry("s"), entry("s", "server"));
  store.merge(
    entry("s", undefined, { version: { counter: 2, writer: "gateway-2" } }),
    clock.monotonicMs(),
  );
  assert.equal(store.get("s"), undefined);
  assert.equal(store.size, 0);
  assert.deepEqual(store.version("s"), { counter: 2, writer: "gateway-2" });
  store.merge(
    entry("s", "again", { version: { counter: 3, writer: "gateway-1" } }),
    clock.monotonicMs(),
  );
  assert.deepEqual([store.size, store.get("s")], [1, "again"]);
});

test("an entry of the version that is there already only shortens the idle time", () => {
  const clock = new FakeClock();
  const store = new SharedSessionStore(clock, 10);
  store.merge(entry("s", "server"), clock.monotonicMs());
  clock.advance(10_000);
  store.merge(entry("s", "server", { idleMs: 30_000 }), clock.monotonicMs());
  assert.equal(store.entry("s")?.idleMs, 10_000);
  store.merge(entry("s", "server", { idleMs: 2_000 }), clock.monotonicMs());
  assert.equal(store.entry("s")?.idleMs, 2_000);
});

test("a session ends with its idle time, also one that came from elsewhere half used", () => {
  const clock = new FakeClock();
  const store = new SharedSessionStore(clock, 10);
  store.merge(entry("fresh", "a"), clock.monotonicMs());
  store.merge(entry("half", "b", { idleMs: TTL_MS / 2 }), clock.monotonicMs());
  clock.advance(TTL_MS / 2);
  assert.deepEqual([store.get("fresh"), store.get("half")], ["a", undefined]);
  assert.deepEqual(
    listed(store).map(({ key }) => key),
    ["fresh"],
  );
  clock.advance(TTL_MS / 2);
  assert.deepEqual(store.expire(), ["fresh", "half"]);
  assert.equal(store.size, 0);
  assert.equal(store.version("half"), undefined);
});

test("a full store forgets the session that was used least recently", () => {
  const clock = new FakeClock();
  const store = new SharedSessionStore(clock, 3);
  for (const key of ["one", "two", "three"]) store.merge(entry(key, "a"), clock.monotonicMs());
  store.refresh("one");
  store.merge(entry("four", "a"), clock.monotonicMs());
  assert.deepEqual(
    ["one", "two", "three", "four"].map((key) => store.get(key)),
    ["a", undefined, "a", "a"],
  );
  assert.equal(store.size, 3);
});

test("resized, the store keeps the sessions that were used last, with their versions", () => {
  const clock = new FakeClock();
  const store = new SharedSessionStore(clock, 4);
  for (const key of ["one", "two", "three", "four"])
    store.merge(entry(key, key), clock.monotonicMs());
  store.resize(2);
  assert.deepEqual(listed(store), [entry("three", "three"), entry("four", "four")]);
  store.resize(100);
  assert.deepEqual([store.size, store.capacity, store.get("four")], [2, 100, "four"]);
});

test("keys that are no session ids are not kept", () => {
  const clock = new FakeClock();
  const store = new SharedSessionStore(clock, 4);
  for (const key of ["", "x".repeat(41), "\u00e9".repeat(21)])
    store.merge(entry(key, "a"), clock.monotonicMs());
  assert.deepEqual([store.size, listed(store)], [0, []]);
});

test("the store agrees with a plain map over 200,000 random steps", () => {
  const clock = new FakeClock();
  let state = 12_345;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const store = new SharedSessionStore(clock, 1_000, () => 0.25);
  const model = new Map<string, string>();
  for (let step = 0; step < 200_000; step++) {
    const key = `k${random(3_000)}`;
    if (random(3) === 0) {
      if (store.refresh(key)) assert.fail("nothing is due without time");
      const value = model.get(key);
      if (value !== undefined && model.delete(key)) model.set(key, value);
    } else {
      const value = `s${random(50)}`;
      store.merge(
        entry(key, value, { version: { counter: step + 1, writer: `w${random(9)}` } }),
        clock.monotonicMs(),
      );
      model.delete(key);
      model.set(key, value);
      const [oldest] = model.keys();
      if (oldest !== undefined && model.size > 1_000) model.delete(oldest);
    }
    assert.equal(store.get(key), model.get(key));
  }
  const kept = new Map(listed(store).map(({ key, value }) => [key, value]));
  assert.deepEqual(kept, model);
});

test("a session is written once and told to the others now and then while it is used", () => {
  const { clock, sessions, map } = sharedSessions();
  sessions.bind("s", "a", false);
  assert.deepEqual(map.calls, []);
  sessions.bind("s", "a", true);
  for (let count = 0; count < 100; count++) {
    clock.advance(100);
    sessions.bind("s", "a", true);
  }
  assert.deepEqual(map.calls, ["set s a", "touch s", "touch s"]);
  sessions.bind("s", "b", false);
  assert.deepEqual([sessions.find("s"), map.calls.at(-1)], ["b", "set s b"]);
});

test("an unknown session is asked for once, and found when another gateway knows it", async () => {
  const { clock, sessions, map } = sharedSessions();
  map.answers.set("known", "a");
  await sessions.seek("known");
  assert.equal(sessions.find("known"), "a");
  assert.equal(sessions.seek("known"), undefined);
  const [first, second] = [sessions.seek("unknown"), sessions.seek("unknown")];
  assert.ok(first);
  assert.equal(first, second);
  await first;
  assert.equal(sessions.seek("unknown"), undefined);
  assert.deepEqual(map.calls, ["ask known", "ask unknown"]);
  clock.advance(10_000);
  await sessions.seek("unknown");
  assert.deepEqual(map.calls.length, 3);
});

test("no more than a thousand questions are under way", () => {
  const { sessions } = sharedSessions();
  for (let count = 0; count < 1_000; count++) assert.ok(sessions.seek(`s${count}`));
  assert.equal(sessions.seek("one more"), undefined);
});

test("a long session id is kept as its digest", () => {
  const { sessions, map } = sharedSessions();
  const long = "x".repeat(500);
  sessions.bind(long, "a", true);
  assert.equal(sessions.find(long), "a");
  assert.ok(map.calls[0]?.length === "set ".length + 24 + " a".length);
});

test("the size of the zone bounds the sessions", () => {
  const { sessions } = sharedSessions(10 * SHARED_SESSION_BYTES);
  for (let count = 0; count < 100; count++) sessions.bind(`s${count}`, "a", true);
  assert.equal(sessions.size, 10);
  sessions.configure(5 * SHARED_SESSION_BYTES, TTL_MS);
  assert.deepEqual(
    [sessions.size, sessions.find("s99"), sessions.find("s94")],
    [5, "a", undefined],
  );
});

test("a zone that is shared from a reload on takes its sessions along, and back", () => {
  const maps: LoneMap[] = [];
  const clock = new FakeClock();
  const zones = new SessionZones(clock, (zone, store) => {
    const map = new LoneMap(zone, store, clock);
    maps.push(map);
    return map;
  });
  const config = { zoneName: "z", zoneBytes: 1 << 20, timeoutMs: TTL_MS };
  zones.open({ ...config, shared: false }).bind("s", "a", true);
  const shared = zones.open({ ...config, shared: true });
  assert.equal(shared.find("s"), "a");
  assert.equal(zones.open({ ...config, shared: true }), shared);
  assert.equal(zones.open({ ...config, shared: false }).find("s"), "a");
  assert.deepEqual(
    maps.map(({ calls }) => calls),
    [["set s a", "close"]],
  );
  shared.bind("late", "a", true);
  assert.deepEqual(maps[0]?.calls.length, 2);
  zones.close();
  assert.equal(clock.pendingCount, 0);
});

test("outside a cluster a zone with sync is the gateway's own", () => {
  const zones = new SessionZones(new FakeClock());
  const table = zones.open({ zoneName: "z", zoneBytes: 1 << 20, timeoutMs: TTL_MS, shared: true });
  assert.equal("seek" in table, false);
  zones.close();
});

test("counts the sessions of a server, with the time since they are known here", () => {
  const { sessions, clock } = sharedSessions();
  sessions.bind("s", "a", true);
  clock.advance(5_000);
  sessions.bind("t", "a", true);
  sessions.bind("u", "b", true);
  sessions.bind("s", "a", true);
  clock.advance(TTL_MS - 1_000);
  sessions.bind("s", "a", true);
  sessions.bind("t", "a", true);
  const counts = (): unknown => Object.fromEntries(sessions.countBound(new Set(["a", "c"])));
  const oldestMs = TTL_MS + 4_000;
  assert.deepEqual(counts(), { a: { count: 2, oldestMs }, c: { count: 0, oldestMs: 0 } });
  clock.advance(TTL_MS);
  assert.deepEqual(counts(), { a: { count: 0, oldestMs: 0 }, c: { count: 0, oldestMs: 0 } });
});
