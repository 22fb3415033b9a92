import assert from "node:assert/strict";
import { test } from "node:test";
import { ConnectionPool, type SqlConnection } from "../../../../src/worker/sql/connection-pool.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";

class FakeConnection implements SqlConnection {
  isBroken = false;
  closed = 0;
  alive = true;

  run(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
  control(): Promise<void> {
    return Promise.resolve();
  }
  isAlive(): Promise<boolean> {
    return Promise.resolve(this.alive);
  }
  close(): void {
    this.isBroken = true;
    this.closed += 1;
  }
}

function poolOf(clock: FakeClock): { pool: ConnectionPool; made: FakeConnection[] } {
  const made: FakeConnection[] = [];
  const pool = new ConnectionPool({
    connect: () => {
      const connection = new FakeConnection();
      made.push(connection);
      return Promise.resolve(connection);
    },
    clock,
    connectionsMax: 2,
    waitingMax: 1,
    waitMs: 100,
    useMs: 1_000,
    idleMs: 10_000,
  });
  return { pool, made };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("connections are used again, one after the other", async () => {
  const { pool, made } = poolOf(new FakeClock());
  for (let use = 0; use < 3; use += 1)
    await pool.use((connection) => connection.run({ sql: "", values: [] }));
  assert.equal(made.length, 1);
  assert.equal(pool.size, 1);
});

test("waits for a free connection, in a bounded queue and for a bounded time", async () => {
  const clock = new FakeClock();
  const { pool, made } = poolOf(clock);
  const hold = Promise.withResolvers<void>();
  const uses = [pool.use(() => hold.promise), pool.use(() => hold.promise)];
  await settled();
  const late = pool.use(() => Promise.resolve("late"));
  await assert.rejects(
    pool.use(() => Promise.resolve()),
    /1 messages wait for a connection already/,
  );
  clock.advance(101);
  await assert.rejects(late, /no connection became free within 100 ms/);
  const next = pool.use(() => Promise.resolve("next"));
  hold.resolve();
  await Promise.all(uses);
  assert.equal(await next, "next");
  assert.equal(made.length, 2);
});

test("a use that takes too long ends with its connection", async () => {
  const clock = new FakeClock();
  const { pool, made } = poolOf(clock);
  const stuck = pool.use(() => new Promise<void>(() => undefined));
  await settled();
  clock.advance(1_001);
  await assert.rejects(stuck, /not finished within 1000 ms/);
  assert.equal(made[0]?.isBroken, true);
  assert.equal(pool.size, 0);
});

test("a statement that fails keeps the connection, a broken connection goes", async () => {
  const { pool, made } = poolOf(new FakeClock());
  await assert.rejects(
    pool.use(() => Promise.reject(new Error("syntax"))),
    /syntax/,
  );
  assert.equal(pool.size, 1);
  await assert.rejects(
    pool.use((connection) => {
      connection.close();
      return Promise.reject(new Error("gone"));
    }),
    /gone/,
  );
  assert.equal(pool.size, 0);
  assert.equal(made.length, 1);
});

test("connections that rested are asked first, and closed when they rested too long", async () => {
  const clock = new FakeClock();
  const { pool, made } = poolOf(clock);
  await pool.use(() => Promise.resolve());
  const [first] = made;
  assert.ok(first);
  first.alive = false;
  clock.advance(6_000);
  await pool.use(() => Promise.resolve());
  assert.equal(made.length, 2);
  assert.ok(first.closed > 0);
  clock.advance(10_001);
  pool.sweep();
  assert.equal(pool.size, 0);
});
