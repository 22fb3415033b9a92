/** The connections to one origin: who gets which, who waits, who is turned away, and what an end of it all leaves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClientConnection } from "../../../../src/net/http1/client-connection.ts";
import {
  type ConnectionSeeker,
  OriginPool,
  type OriginPoolOptions,
} from "../../../../src/net/http1/origin-pool.ts";
import type { PeerFailure } from "../../../../src/net/http1/peer-failure.ts";
import type { PeerHandler } from "../../../../src/net/http1/peer-request.ts";
import { SendSlabs } from "../../../../src/net/http1/send-slabs.ts";
import { TimerWheel } from "../../../../src/net/http1/timer-wheel.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";
import { FakeSocket } from "../../../helpers/fake-socket.ts";
import { settled } from "../../../helpers/memory-files.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Sends a GET on the connection that it is given. */
class Seeker implements ConnectionSeeker, PeerHandler {
  readonly name: string;
  connection: ClientConnection | undefined;
  failure: PeerFailure | undefined;
  isTurnedAway = false;
  isAnswered = false;

  constructor(name: string) {
    this.name = name;
  }

  onConnection(connection: ClientConnection): void {
    assert.equal(this.connection, undefined, "told once");
    this.connection = connection;
    connection.begin({
      method: "GET",
      handler: this,
      connectTimeoutMs: 1_000,
      sendTimeoutMs: 1_000,
      readTimeoutMs: 1_000,
      headBytesMax: 4_096,
    });
  }

  onPoolClosed(): void {
    this.isTurnedAway = true;
  }

  onConnected(): void {
    this.connection?.write(`GET /${this.name} HTTP/1.1\r\n\r\n`);
    this.connection?.endRequest();
  }

  onEnd(): void {
    this.isAnswered = true;
  }

  onFailure(failure: PeerFailure): void {
    this.failure = failure;
  }

  onHead(): void {}
  onData(): void {}
  onReadDone(): void {}
  onDrain(): void {}
}

class World {
  readonly clock = new FakeClock();
  /** In the order in which they were opened. */
  readonly sockets: FakeSocket[] = [];
  readonly pool: OriginPool;
  emptied = 0;

  constructor(options: Partial<OriginPoolOptions> = {}) {
    this.pool = new OriginPool({
      wheel: new TimerWheel(this.clock),
      isSecure: false,
      open: (receive) => {
        const socket = new FakeSocket();
        this.sockets.push(socket);
        return socket.open(receive);
      },
      slabs: new SendSlabs(),
      connectionsMax: 2,
      queueMax: 3,
      idleMs: 15_000,
      ageMs: 300_000,
      onEmpty: () => this.emptied++,
      ...options,
    });
  }

  ask(name: string, mayReuse = true): Seeker {
    const seeker = new Seeker(name);
    assert.ok(this.pool.ask(seeker, mayReuse), `${name} is taken`);
    return seeker;
  }

  socket(number: number): FakeSocket {
    const socket = this.sockets[number];
    assert.ok(socket, `socket ${number}`);
    return socket;
  }

  /** Paths of the requests that a socket has brought. */
  paths(number: number): string[] {
    return Array.from(this.socket(number).text.matchAll(/^GET \/(\S+)/gm), ([, path = ""]) => path);
  }
}

test("a connection that waits is used again; without one, or where it will not do, there is a new one", () => {
  const world = new World();
  world.ask("a");
  world.socket(0).connects();
  world.socket(0).arrive(OK);
  world.ask("b");
  assert.deepEqual(world.paths(0), ["a", "b"]);
  world.socket(0).arrive(OK);
  world.ask("c", false);
  assert.equal(world.sockets.length, 2);
  assert.equal(world.pool.openCount, 2);
});

test("who comes when all connections are busy waits, first come first served, and only so many", () => {
  const world = new World({ connectionsMax: 1, queueMax: 3 });
  world.ask("a");
  world.socket(0).connects();
  const waiting = ["b", "c", "d"].map((name) => world.ask(name));
  assert.equal(world.pool.ask(new Seeker("e"), true), false);
  assert.equal(world.pool.waitingCount, 3);
  for (const seeker of waiting) {
    assert.equal(seeker.connection, undefined);
    world.socket(0).arrive(OK);
    assert.ok(seeker.connection);
  }
  assert.deepEqual(world.paths(0), ["a", "b", "c", "d"]);
  assert.equal(world.sockets.length, 1);
});

test("nobody who comes later overtakes those that wait", () => {
  const world = new World({ connectionsMax: 1 });
  world.ask("a");
  world.socket(0).connects();
  const second = world.ask("b");
  world.socket(0).arrive(OK);
  const third = world.ask("c");
  assert.ok(second.connection);
  assert.equal(third.connection, undefined);
});

test("who leaves is forgotten, makes room for another, and is not given a connection", () => {
  const world = new World({ connectionsMax: 1, queueMax: 1 });
  world.ask("a");
  world.socket(0).connects();
  const left = world.ask("b");
  world.pool.leave(left);
  assert.equal(world.pool.waitingCount, 0);
  const staying = world.ask("c");
  world.socket(0).arrive(OK);
  assert.equal(left.connection, undefined);
  assert.ok(staying.connection);
});

test("each one that waits has a try of its own when the origin refuses connections", async () => {
  const world = new World({ connectionsMax: 1 });
  const seekers = ["a", "b", "c"].map((name) => world.ask(name));
  for (const number of seekers.keys()) {
    world.socket(number).destroy(new Error("refused"));
    await settled();
  }
  for (const { failure } of seekers) assert.equal(failure?.error?.message, "refused");
  assert.equal(world.sockets.length, 3);
  assert.deepEqual([world.pool.openCount, world.pool.waitingCount], [0, 0]);
  assert.equal(world.emptied, 1);
});

test("each one that waits has a try of its own when the origin does not answer", async () => {
  const world = new World({ connectionsMax: 1 });
  const seekers = ["a", "b"].map((name) => world.ask(name));
  await world.clock.advanceAsync(1_200, 100);
  const phases = () => seekers.map(({ failure }) => failure?.phase);
  assert.deepEqual(phases(), ["connect", undefined]);
  await world.clock.advanceAsync(1_200, 100);
  assert.deepEqual(phases(), ["connect", "connect"]);
});

test("a connection that is spoiled serves nobody, and who waits gets a new one", async () => {
  const world = new World({ connectionsMax: 1 });
  const spoiling = world.ask("a");
  world.socket(0).connects();
  const waiting = world.ask("b");
  world.socket(0).arrive(`${OK}HTTP/1.1 200 OK\r\n\r\n`);
  assert.ok(spoiling.isAnswered);
  assert.ok(world.socket(0).destroyed);
  await settled();
  assert.equal(waiting.isAnswered, false);
  world.socket(1).connects();
  assert.deepEqual(world.paths(1), ["b"]);
});

test("a waiting connection on which something comes is closed and not given to anybody", async () => {
  const world = new World();
  world.ask("a");
  world.socket(0).connects();
  world.socket(0).arrive(OK);
  world.socket(0).arrive("HTTP/1.1 408 Late\r\n\r\n");
  world.ask("b");
  assert.equal(world.sockets.length, 2);
  await settled();
  assert.equal(world.pool.openCount, 1);
});

test("a connection waits no longer than it may, and the pool says when the last one has gone", async () => {
  const world = new World({ idleMs: 500 });
  world.ask("a");
  world.socket(0).connects();
  world.socket(0).arrive(OK);
  world.clock.advance(450);
  assert.equal(world.socket(0).destroyed, false);
  world.clock.advance(250);
  assert.ok(world.socket(0).destroyed);
  await settled();
  assert.equal(world.pool.openCount, 0);
  assert.equal(world.emptied, 1);
});

test("a connection that is too old ends with its request, also where others wait for one", async () => {
  const world = new World({ connectionsMax: 1, ageMs: 800 });
  world.ask("a");
  world.socket(0).connects();
  world.clock.advance(500);
  world.socket(0).arrive(OK);
  world.ask("b");
  const waiting = world.ask("c");
  world.clock.advance(301);
  world.socket(0).arrive(OK);
  assert.ok(world.socket(0).destroyed);
  await settled();
  world.socket(1).connects();
  assert.deepEqual([world.paths(0), world.paths(1)], [["a", "b"], ["c"]]);
  world.socket(1).arrive(OK);
  assert.ok(waiting.isAnswered);
});

test("a connection that is to serve nothing else is given neither to those that wait nor kept", async () => {
  const world = new World({ connectionsMax: 1 });
  const closing = world.ask("a");
  world.socket(0).connects();
  world.ask("b");
  if (closing.connection) closing.connection.idleMsMax = 0;
  world.socket(0).arrive(OK);
  await settled();
  world.socket(1).connects();
  assert.deepEqual([world.paths(0), world.paths(1)], [["a"], ["b"]]);
});

test("close ends what runs, what waits idle and those in the queue, and nothing opens afterwards", async () => {
  const world = new World();
  world.ask("idle");
  world.socket(0).connects();
  const busy = world.ask("busy");
  world.socket(1).connects();
  world.socket(0).arrive(OK);
  const other = world.ask("other");
  const waiting = world.ask("waiting");
  world.pool.close();
  await settled();
  assert.ok(busy.failure && other.failure);
  assert.ok(waiting.isTurnedAway);
  assert.equal(waiting.connection, undefined);
  assert.ok(world.sockets.every((socket) => socket.destroyed));
  assert.equal(world.pool.ask(new Seeker("late"), true), false);
  assert.ok(world.pool.isClosed);
  assert.equal(world.sockets.length, 2);
  assert.equal(world.pool.openCount, 0);
});
