import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ANSWER_MS,
  CLOSE_MS,
  IDLE_MS,
  IdleConnection,
} from "../../../../src/mediation/stores/idle-connection.ts";
import { StoreFailure } from "../../../../src/mediation/stores/message-store.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";

function setUp(
  open: () => Promise<number> = () => Promise.resolve(0),
  closing: Promise<void> = Promise.resolve(),
) {
  const clock = new FakeClock();
  const counts = { opened: 0, closed: 0, broken: 0 };
  const connection = new IdleConnection<number>({
    title: "message store S",
    clock,
    open: () => {
      counts.opened += 1;
      return open();
    },
    close: async () => {
      counts.closed += 1;
      return closing;
    },
    break: () => {
      counts.broken += 1;
    },
  });
  return { clock, counts, connection };
}

test("a connection is opened once and closed when nobody has used it for a while", async () => {
  const { clock, counts, connection } = setUp();
  assert.equal(await connection.use(async (number) => number + 1), 1);
  clock.advance(IDLE_MS - 1);
  await connection.use(async () => 2);
  clock.advance(IDLE_MS - 1);
  assert.deepEqual(counts, { opened: 1, closed: 0, broken: 0 });
  clock.advance(1);
  await new Promise((resolve) => void setImmediate(resolve));
  assert.deepEqual(counts, { opened: 1, closed: 1, broken: 0 });
  await connection.use(async () => 3);
  assert.equal(counts.opened, 2);
  await connection.close();
  assert.equal(clock.pendingCount, 0);
});

test("a server that does not answer is a failure after a while, and its connection is given up", async () => {
  const { clock, counts, connection } = setUp();
  const never = connection.use(() => new Promise<number>(() => {}));
  clock.advance(ANSWER_MS);
  await assert.rejects(never, /The message store S failed: no answer within 10 s/);
  assert.deepEqual(counts, { opened: 1, closed: 0, broken: 1 });
  assert.equal(await connection.use(async () => 4), 4);
  assert.equal(counts.opened, 2);
  await connection.close();
});

test("closing does not wait for a server that is silent", async () => {
  const { clock, counts, connection } = setUp(undefined, new Promise(() => {}));
  await connection.use(async () => 1);
  const closed = connection.close();
  await new Promise((done) => void setImmediate(done));
  clock.advance(CLOSE_MS);
  await closed;
  await new Promise((done) => void setImmediate(done));
  assert.deepEqual(counts, { opened: 1, closed: 1, broken: 1 });
});

test("a connection that cannot be opened is tried again by the next use", async () => {
  let isUp = false;
  const { counts, connection } = setUp(() =>
    isUp ? Promise.resolve(7) : Promise.reject(new Error("refused")),
  );
  await assert.rejects(
    connection.use(async () => 1),
    (error) => error instanceof StoreFailure && /refused/.test(error.message),
  );
  isUp = true;
  assert.equal(await connection.use(async (number) => number), 7);
  assert.equal(counts.opened, 2);
  await connection.close();
});
