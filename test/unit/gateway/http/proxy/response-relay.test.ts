/**
 * The way of a response from a peer to a slow client, through the real connections of both sides, the real queue and a
 * disk in memory: whatever the order in which they move, every response arrives whole, and nobody waits for ever.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ResponseRelay } from "../../../../../src/gateway/http/proxy/response-relay.ts";
import type { OverflowLimits } from "../../../../../src/gateway/spool/overflow-queue.ts";
import { TempFiles } from "../../../../../src/gateway/spool/temp-file.ts";
import { ClientConnection } from "../../../../../src/net/http1/client-connection.ts";
import { ServerConnection } from "../../../../../src/net/http1/server-connection.ts";
import type { ServerExchange } from "../../../../../src/net/http1/server-exchange.ts";
import { TimerWheel } from "../../../../../src/net/http1/timer-wheel.ts";
import { SeededRandom, seedOfRun } from "../../../../simulation/seeded-random.ts";
import { HEAD_LIMITS } from "../../../../helpers/codec-reader.ts";
import { FakeClock } from "../../../../helpers/fake-clock.ts";
import { FakeSocket } from "../../../../helpers/fake-socket.ts";
import { MemoryFiles, settled } from "../../../../helpers/memory-files.ts";

const FACTS = {
  number: 1,
  remoteAddress: "192.0.2.1",
  remotePort: 1,
  localAddress: "192.0.2.2",
  localPort: 80,
  openedMs: 0,
  tls: undefined,
};
const MINUTE_MS = 60_000;
const LIMITS = {
  head: HEAD_LIMITS,
  headerTimeoutMs: MINUTE_MS,
  bodyTimeoutMs: MINUTE_MS,
  sendTimeoutMs: MINUTE_MS,
  keepaliveTimeoutMs: MINUTE_MS,
  keepaliveToldSeconds: 0,
  keepaliveRequests: 1_000,
  keepaliveTimeMs: 1_000 * MINUTE_MS,
  lingering: "off",
  lingeringTimeMs: MINUTE_MS,
  lingeringTimeoutMs: MINUTE_MS,
} as const;

type Framing = "length" | "chunked" | "close";

interface Way {
  readonly framing: Framing;
  readonly buffers: OverflowLimits | undefined;
  /** The peer breaks off instead of ending. */
  readonly breaks?: boolean;
}

/** A client, a peer, and one response between them. */
class World {
  readonly client = new FakeSocket();
  readonly peer = new FakeSocket();
  readonly disk = new MemoryFiles();
  /** The peer's connection was given back. */
  freed = 0;
  over = false;
  readonly #way: Way;
  readonly #wheel = new TimerWheel(new FakeClock());
  #relay: ResponseRelay | undefined;

  constructor(way: Way) {
    this.#way = way;
    const server = new ServerConnection({
      open: this.client.open,
      wheel: this.#wheel,
      limits: () => LIMITS,
      facts: FACTS,
      onRequest: (exchange) => this.#ask(exchange),
      onFault: (sentence) => assert.fail(sentence),
    });
    assert.equal(server.socket, this.client);
    const version = way.framing === "close" ? "1.0" : "1.1";
    this.client.arrive(`GET / HTTP/${version}\r\nHost: a\r\n\r\n`);
    this.peer.connects();
  }

  #ask(exchange: ServerExchange): void {
    const connection = new ClientConnection({
      wheel: this.#wheel,
      isSecure: false,
      open: this.peer.open,
      onFree: () => {
        this.freed++;
        return true;
      },
      onClosed: () => {},
    });
    exchange.onOver(() => {
      this.over = true;
    });
    const relay = new ResponseRelay(exchange, connection, {
      buffers: this.#way.buffers,
      files: new TempFiles("/tmp", this.disk),
      passesTrailers: false,
      onDiskFault: (error) => assert.fail(error),
    });
    this.#relay = relay;
    connection.begin({
      method: "GET",
      connectTimeoutMs: MINUTE_MS,
      sendTimeoutMs: MINUTE_MS,
      readTimeoutMs: MINUTE_MS,
      headBytesMax: 4096,
      handler: {
        onConnected() {
          connection.write("GET / HTTP/1.1\r\n\r\n");
          connection.endRequest();
        },
        onHead: ({ status, reason, fields }) => {
          const lengths = fields.filter(([name]) => name === "Content-Length");
          exchange.start({ status, reason, fields: lengths }, true);
        },
        onData: (chunk) => relay.take(chunk),
        onReadDone: () => relay.readDone(),
        onEnd: () => relay.end([]),
        onDrain() {},
        onFailure: () => relay.break(),
      },
    });
  }

  dispose(): void {
    this.#relay?.dispose();
    this.client.destroy();
    this.peer.destroy();
  }
}

/** Bytes that tell their place. */
const BYTES = Buffer.alloc(700_000);
for (let at = 0; at < BYTES.length; at++) BYTES[at] = (at * 31 + (at >> 8) * 7 + (at >> 16)) & 0xff;

/** A response as a peer sends it. */
function response(body: Buffer, framing: Framing, chunkBytes: () => number): Buffer {
  if (framing !== "chunked") {
    const length = framing === "length" ? `Content-Length: ${body.length}\r\n` : "";
    return Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${length}\r\n`), body]);
  }
  const pieces: Buffer[] = [Buffer.from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")];
  for (let at = 0; at < body.length;) {
    const piece = body.subarray(at, at + chunkBytes());
    at += piece.length;
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n"));
  }
  return Buffer.concat([...pieces, Buffer.from("0\r\n\r\n")]);
}

/** The body in what the client got; what is missing at its end is missing here. */
function bodyOf(text: Buffer): Buffer {
  const start = text.indexOf("\r\n\r\n") + 4;
  const head = text.toString("latin1", 0, start);
  if (!/Transfer-Encoding: chunked/.test(head)) return text.subarray(start);
  const pieces: Buffer[] = [];
  let at = start;
  while (at < text.length) {
    const lineEnd = text.indexOf("\r\n", at);
    const size = Number.parseInt(text.toString("latin1", at, lineEnd), 16);
    pieces.push(text.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
  return Buffer.concat(pieces);
}

const FRAMINGS = ["length", "chunked", "close"] as const;
const BUFFERS: readonly (OverflowLimits | undefined)[] = [
  undefined,
  { memoryBytes: 65_536, fileBytesMax: 0 },
  { memoryBytes: 65_536, fileBytesMax: 524_288 },
  { memoryBytes: 8_192, fileBytesMax: 100_000 },
  { memoryBytes: 4_096, fileBytesMax: 1_000 },
  { memoryBytes: 0, fileBytesMax: 1_000_000_000 },
];

/** Moves client, peer and disk by chance until the response has arrived, or nothing moves any more. */
async function run(random: SeededRandom, way: Way): Promise<void> {
  const body = BYTES.subarray(0, random.whole(1, BYTES.length));
  const chunkMax = random.happens(0.5) ? 80_000 : 3_000;
  const readMax = random.happens(0.5) ? 262_144 : 20_000;
  const wire = response(body, way.framing, () => random.whole(1, chunkMax));
  const end = way.breaks === true ? random.whole(60, wire.length - 1) : wire.length;
  const world = new World(way);
  const { client, peer, disk } = world;
  client.room = random.whole(0, 200_000);
  let sent = 0;
  let ended = false;
  const peerMoves = (): void => {
    if (peer.isPaused() || peer.destroyed) return;
    if (sent < end) {
      const size = Math.min(random.whole(1, readMax), end - sent);
      sent += size;
      peer.arrive(wire.subarray(sent - size, sent));
    }
    // The end may come while what was received waits for the client.
    if (sent === end && !ended && (way.framing === "close" || way.breaks === true)) {
      ended = true;
      peer.ends();
    }
  };
  for (let quiet = 0; quiet < 400 && !world.over; quiet++) {
    const before = sent + client.byteCount;
    if (quiet > 200) disk.release();
    const isUrgent = quiet > 100;
    if (isUrgent || random.happens(0.5)) peerMoves();
    if (isUrgent || random.happens(0.3)) client.takes(random.whole(1, 150_000));
    if (random.happens(0.2)) disk.hold();
    if (isUrgent || random.happens(0.4)) disk.release();
    if (random.happens(0.7)) await settled();
    if (sent + client.byteCount > before) quiet = 0;
  }
  try {
    assert.ok(world.over, `the client waits for ever after ${client.byteCount} bytes`);
    const received = bodyOf(client.bytes);
    if (way.breaks === true) {
      assert.ok(client.destroyed || client.finished, "the client sees the end");
      assert.ok(received.equals(body.subarray(0, received.length)));
      return;
    }
    assert.ok(received.equals(body), `${received.length} of ${body.length} bytes`);
    assert.equal(world.freed, way.framing === "close" ? 0 : 1, "the peer's connection is kept");
  } finally {
    world.dispose();
    disk.release();
  }
}

for (const framing of FRAMINGS) {
  test(`whatever the pace of client and disk, a response by ${framing} arrives whole`, async () => {
    for (let round = 0; round < 12; round++) {
      const seed = seedOfRun() + round;
      for (const [number, buffers] of BUFFERS.entries()) {
        const random = new SeededRandom(seed);
        await run(random, { framing, buffers }).catch((error: unknown) =>
          assert.fail(`SEED=${seed}, buffers ${number}: ${String(error)}`),
        );
      }
    }
  });
}

test("a client that is slower than a breaking peer gets what came, and the end", async () => {
  for (let round = 0; round < 6; round++) {
    const seed = seedOfRun() + round;
    for (const framing of ["length", "chunked"] as const) {
      for (const buffers of BUFFERS) {
        await run(new SeededRandom(seed), { framing, buffers, breaks: true }).catch(
          (error: unknown) => assert.fail(`SEED=${seed}: ${String(error)}`),
        );
      }
    }
  }
});

test("a response whose last read blocks the client goes on when the client has taken something", async () => {
  const world = new World({
    framing: "chunked",
    buffers: { memoryBytes: 65_536, fileBytesMax: 0 },
  });
  const { client, peer } = world;
  client.room = 0;
  const body = Buffer.alloc(120_000, "x");
  // One read: the first chunk blocks the client, the others are queued, and then it is over.
  peer.arrive(response(body, "chunked", () => 90_000));
  assert.equal(world.over, false);
  client.takes();
  await settled();
  await settled();
  assert.ok(world.over);
  assert.ok(bodyOf(client.bytes).equals(body));
  world.dispose();
});
