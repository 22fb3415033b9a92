/** Which connections to peers are kept: `keepalive` and its limits. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ClientConnection } from "../../../../src/net/http1/client-connection.ts";
import { ConnectionPool, type PoolLimits } from "../../../../src/net/http1/connection-pool.ts";
import { TimerWheel } from "../../../../src/net/http1/timer-wheel.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";
import { FakeSocket } from "../../../helpers/fake-socket.ts";
import { settled } from "../../../helpers/memory-files.ts";

const LIMITS: PoolLimits = { idleCount: 2, requestCount: 3, ageMs: 1_000, idleMs: 60_000 };
const SILENT = {
  onConnected() {},
  onHead() {},
  onData() {},
  onEnd() {},
  onReadDone() {},
  onDrain() {},
  onFailure() {},
};

class World {
  readonly clock = new FakeClock();
  readonly wheel = new TimerWheel(this.clock);
  readonly pool: ConnectionPool;

  constructor(limits: Partial<PoolLimits> = {}) {
    this.pool = new ConnectionPool({ ...LIMITS, ...limits }, this.wheel);
  }

  open(key = "a"): { readonly connection: ClientConnection; readonly socket: FakeSocket } {
    const socket = new FakeSocket();
    const connection = new ClientConnection({
      wheel: this.wheel,
      isSecure: false,
      open: socket.open,
      onFree: (free) => this.pool.give(free),
      onClosed: (closed) => this.pool.forget(closed),
    });
    connection.poolKey = key;
    this.begin(connection);
    socket.connects();
    this.serve({ connection, socket });
    return { connection, socket };
  }

  begin(connection: ClientConnection): void {
    connection.begin({
      method: "GET",
      handler: SILENT,
      connectTimeoutMs: 1_000,
      sendTimeoutMs: 1_000,
      readTimeoutMs: 1_000,
      headBytesMax: 4_096,
    });
  }

  /** A request that was begun is answered. */
  serve({ connection, socket }: { connection: ClientConnection; socket: FakeSocket }): void {
    connection.write("GET / HTTP/1.1\r\n\r\n");
    connection.endRequest();
    socket.arrive("HTTP/1.1 204 No\r\n\r\n");
  }
}

test("a connection is closed after its last request", () => {
  const world = new World();
  const opened = world.open();
  for (const isLast of [false, true]) {
    assert.equal(world.pool.take("a"), opened.connection);
    world.begin(opened.connection);
    world.serve(opened);
    assert.equal(opened.socket.destroyed, isLast);
  }
  assert.equal(world.pool.take("a"), undefined);
});

test("a connection that is too old serves the request it has and no other", () => {
  const world = new World();
  const opened = world.open();
  world.clock.advance(1_000);
  assert.equal(world.pool.take("a"), opened.connection);
  world.begin(opened.connection);
  world.clock.advance(1);
  world.serve(opened);
  assert.ok(opened.socket.destroyed);
});

test("a connection waits for its next request no longer than it may", async () => {
  const world = new World({ idleMs: 500 });
  const { socket } = world.open();
  world.clock.advance(450);
  assert.equal(socket.destroyed, false);
  world.clock.advance(250);
  assert.ok(socket.destroyed);
  await settled();
  assert.equal(world.pool.idleCount, 0);
});

test("over all peers together the connection that was idle longest is closed beyond the limit", () => {
  const world = new World();
  const first = world.open("a");
  const second = world.open("b");
  assert.equal(world.pool.take("a"), first.connection);
  world.begin(first.connection);
  world.serve(first);
  const third = world.open("c");
  assert.deepEqual(
    [first, second, third].map(({ socket }) => socket.destroyed),
    [false, true, false],
  );
  assert.equal(world.pool.idleCount, 2);
});

test("the connection that was used last is taken first, and only for its own key", () => {
  const world = new World();
  const first = world.open();
  const second = world.open();
  assert.equal(world.pool.take("b"), undefined);
  assert.equal(world.pool.take("a"), second.connection);
  assert.equal(world.pool.take("a"), first.connection);
  assert.equal(world.pool.take("a"), undefined);
});

test("a connection whose end is known is not taken, though its close is still to come", async () => {
  const world = new World();
  const alive = world.open();
  const ended = world.open();
  ended.socket.ends();
  assert.equal(world.pool.take("a"), alive.connection);
  assert.equal(world.pool.take("a"), undefined);
  await settled();
  assert.equal(world.pool.idleCount, 0);
});

test("a limit of 0 keeps none, and a closed pool neither", () => {
  assert.ok(new World({ idleCount: 0 }).open().socket.destroyed);
  const world = new World();
  const waiting = world.open();
  world.pool.close();
  assert.ok(waiting.socket.destroyed);
  assert.ok(world.open().socket.destroyed);
});
