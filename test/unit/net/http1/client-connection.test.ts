/** What a connection to a peer does with requests, responses, time and ends, over a socket that the test moves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ClientConnection } from "../../../../src/net/http1/client-connection.ts";
import type { PeerHead } from "../../../../src/net/http1/peer-head.ts";
import type { PeerHandler, PeerRequest } from "../../../../src/net/http1/peer-request.ts";
import type { PeerFailure } from "../../../../src/net/http1/peer-failure.ts";
import { TimerWheel } from "../../../../src/net/http1/timer-wheel.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";
import { FakeSocket } from "../../../helpers/fake-socket.ts";
import { settled } from "../../../helpers/memory-files.ts";

const GET = "GET / HTTP/1.1\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const BOUNDS = {
  connectTimeoutMs: 1_000,
  sendTimeoutMs: 10_000,
  readTimeoutMs: 3_000,
  headBytesMax: 4_096,
};

/** A request that writes `text` when it may, and notes what comes. */
class Asker implements PeerHandler {
  readonly heard: string[] = [];
  failure: PeerFailure | undefined;
  onHeadCome: () => void = () => {};
  onDataCome: () => void = () => {};
  readonly #connection: ClientConnection;
  readonly #text: string | Buffer;
  readonly #ends: boolean;

  constructor(connection: ClientConnection, text: string | Buffer = GET, ends = true) {
    this.#connection = connection;
    this.#text = text;
    this.#ends = ends;
  }

  onConnected(): void {
    this.heard.push("connected");
    this.#connection.write(this.#text);
    if (this.#ends) this.#connection.endRequest();
  }

  onEarlyHints({ fields }: PeerHead): void {
    this.heard.push(`hints ${fields.map(([name, value]) => `${name}: ${value}`).join()}`);
  }

  onHead({ status }: { readonly status: number }): void {
    this.heard.push(String(status));
    this.onHeadCome();
  }

  onData(chunk: Buffer): void {
    this.heard.push(chunk.toString("latin1"));
    this.onDataCome();
  }

  onReadDone(): void {}

  onEnd(): void {
    this.heard.push("end");
  }

  onDrain(): void {
    this.heard.push("drain");
  }

  onFailure(failure: PeerFailure): void {
    this.failure = failure;
    this.heard.push(`${failure.reason} in ${failure.phase}`);
  }
}

class World {
  readonly clock = new FakeClock();
  readonly socket = new FakeSocket();
  readonly connection: ClientConnection;
  freed = 0;
  closed = 0;

  constructor({ isSecure = false, keeps = true } = {}) {
    this.connection = new ClientConnection({
      wheel: new TimerWheel(this.clock),
      isSecure,
      open: this.socket.open,
      onFree: () => {
        this.freed++;
        return keeps;
      },
      onClosed: () => void this.closed++,
    });
  }

  ask(text: string | Buffer = GET, request: Partial<PeerRequest> & { ends?: boolean } = {}): Asker {
    const { ends = true, ...others } = request;
    const handler = new Asker(this.connection, text, ends);
    this.connection.begin({ method: "GET", handler, ...BOUNDS, ...others });
    return handler;
  }

  /** A connection that stands, with a request on it. */
  asked(text: string | Buffer = GET, request: Partial<PeerRequest> & { ends?: boolean } = {}) {
    const asker = this.ask(text, request);
    this.socket.connects();
    return asker;
  }
}

test("sends when it stands, hands over what comes, and is free for the next request", () => {
  const world = new World();
  const first = world.ask();
  assert.deepEqual(first.heard, []);
  world.socket.connects();
  assert.equal(world.socket.text, GET);
  world.socket.arrive(OK);
  assert.deepEqual(first.heard, ["connected", "200", "hello", "end"]);
  assert.equal(world.connection.isReused, false);
  const second = world.ask();
  assert.equal(world.connection.isReused, true);
  world.socket.arrive(OK.slice(0, 40));
  world.socket.arrive(OK.slice(40));
  assert.deepEqual(second.heard.slice(0, 2), ["connected", "200"]);
  assert.equal(second.heard.slice(2, -1).join(""), "hello");
  assert.equal(world.freed, 2);
});

test("speaks only after the handshake when it is secure", () => {
  const world = new World({ isSecure: true });
  const asker = world.asked();
  assert.deepEqual(asker.heard, []);
  world.socket.emit("secureConnect");
  assert.deepEqual(asker.heard, ["connected"]);
});

test("a head that trickles has the time of a head and no more, also before the request is whole", () => {
  for (const ends of [true, false]) {
    const world = new World();
    const asker = world.asked(GET, { ends, headTimeoutMs: 2_000, sendTimeoutMs: 2_000 });
    // What is on its way still keeps the time running.
    if (!ends) {
      world.socket.room = 0;
      world.connection.write("more");
    }
    for (let round = 0; round < 40 && !asker.failure; round++) {
      world.clock.advance(150);
      world.socket.arrive(round === 0 ? "HTTP/1.1 100 Continue\r\n" : `X-${round}: a\r\n`);
    }
    assert.equal(asker.failure?.reason, "timeout");
    // A look at what is unsent comes before the end.
    const boundMs = ends ? 2_300 : 4_500;
    assert.ok(world.clock.monotonicMs() <= boundMs, `after ${world.clock.monotonicMs()} ms`);
  }
});

test("a request that goes out late leaves the head its own time and not that between reads", async () => {
  const world = new World();
  world.socket.room = 0;
  const asker = world.asked("x".repeat(100_000), { headTimeoutMs: 500, readTimeoutMs: 60_000 });
  world.clock.advance(300);
  world.socket.takes();
  await settled();
  assert.deepEqual(asker.heard, ["connected", "drain"]);
  world.clock.advance(700);
  assert.deepEqual(asker.heard, ["connected", "drain", "timeout in head"]);
});

test("tells 103 and skips other informational heads, also several in one read with the final one", () => {
  const world = new World();
  const asker = world.asked();
  world.socket.arrive("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1");
  world.socket.arrive(" 204 No\r\n\r\n");
  assert.deepEqual(asker.heard, ["connected", "hints Link: a", "204", "end"]);
  assert.equal(world.freed, 1);
});

test("bounds interim responses by the bytes of a head, however they arrive; each request has its own bound", () => {
  const head = "HTTP/1.1 102 Wait\r\n\r\n";
  const fitting = Math.floor(BOUNDS.headBytesMax / head.length);
  const patient = new World();
  const first = patient.asked();
  patient.socket.arrive(head.repeat(fitting) + OK);
  patient.ask();
  patient.socket.arrive(head.repeat(fitting) + OK);
  assert.equal(first.failure, undefined);
  assert.equal(patient.freed, 2);
  for (const size of [head.length - 1, 5, head.length * (fitting + 1)]) {
    const world = new World();
    const asker = world.asked();
    const text = head.repeat(fitting + 1);
    for (let at = 0; at < text.length; at += size) world.socket.arrive(text.slice(at, at + size));
    assert.equal(asker.failure?.sentence, "upstream sent too big early hints");
    assert.equal(asker.failure.reason, "invalid_header");
  }
});

test("is not used again after bytes behind the response, a close that was announced, or an unsent request", () => {
  const behind = new World();
  behind.asked();
  behind.socket.arrive(`${OK}x`);
  assert.deepEqual([behind.freed, behind.socket.destroyed], [0, true]);
  const announced = new World();
  announced.asked();
  announced.socket.arrive("HTTP/1.1 204 No\r\nConnection: close\r\n\r\n");
  assert.deepEqual([announced.freed, announced.socket.destroyed], [0, true]);
  const unsent = new World();
  const asker = unsent.asked("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n", { ends: false });
  unsent.socket.arrive(OK);
  assert.equal(asker.heard.at(-1), "end");
  assert.deepEqual([unsent.freed, unsent.socket.destroyed], [0, true]);
});

test("closes at once after an early answer, though the peer never takes the rest of the request", async () => {
  const world = new World();
  world.socket.room = 100;
  const asker = world.asked("x".repeat(1_000_000), { ends: false });
  world.socket.arrive(OK);
  await settled();
  assert.equal(asker.heard.at(-1), "end");
  assert.deepEqual([world.socket.destroyed, world.closed], [true, 1]);
});

test("is closed by data or an end while nobody asks", async () => {
  for (const happens of ["data", "end"] as const) {
    const world = new World();
    world.asked();
    world.socket.arrive(OK);
    if (happens === "data") world.socket.arrive("HTTP/1.1 408 Late\r\n\r\n");
    else world.socket.ends();
    assert.ok(world.socket.destroyed, happens);
    await settled();
    assert.equal(world.closed, 1);
  }
});

test("a body without length ends with the connection, and only such a body", () => {
  const open = new World();
  const body = open.asked();
  open.socket.arrive("HTTP/1.1 200 OK\r\n\r\nhel");
  open.socket.arrive("lo");
  open.socket.ends();
  assert.deepEqual(body.heard, ["connected", "200", "hel", "lo", "end"]);
  assert.equal(open.freed, 0);
  const short = new World();
  const cut = short.asked();
  short.socket.arrive(OK.slice(0, -1));
  short.socket.ends();
  assert.deepEqual(cut.heard.slice(-2), ["hell", "error in body"]);
  assert.equal(cut.failure?.error, undefined);
});

test("an end or a reset is told once, with how far the request came", async () => {
  const early = new World();
  const refused = early.ask();
  early.socket.destroy(Object.assign(new Error("connect"), { code: "ECONNREFUSED" }));
  await settled();
  assert.deepEqual(refused.heard, ["error in connect"]);
  const late = new World();
  const reset = late.asked();
  late.socket.destroy(new Error("reset"));
  await settled();
  assert.deepEqual(reset.heard, ["connected", "error in head"]);
  assert.equal(late.closed, 1);
});

test("nonsense and a head beyond its bound are told as such", () => {
  const nonsense = new World();
  const asker = nonsense.asked();
  nonsense.socket.arrive("SSH-2.0-x\r\n");
  assert.equal(asker.failure?.sentence, "upstream sent no valid HTTP/1.0 header");
  const large = new World();
  const other = large.asked();
  large.socket.arrive(`HTTP/1.1 200 OK\r\nX: ${"y".repeat(5_000)}`);
  assert.equal(other.failure?.sentence, "upstream sent too big header");
  const chunks = new World();
  const third = chunks.asked();
  chunks.socket.arrive("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
  assert.match(third.failure?.sentence ?? "", /invalid chunked response/);
});

test("waits for connecting, for the head and between reads as long as each may take", () => {
  const silent = new World();
  const connecting = silent.ask();
  silent.clock.advance(900);
  assert.deepEqual(connecting.heard, []);
  silent.clock.advance(300);
  assert.deepEqual(connecting.heard, ["timeout in connect"]);
  const slow = new World();
  const head = slow.asked();
  for (const character of OK.slice(0, 10)) {
    slow.clock.advance(2_900);
    slow.socket.arrive(character);
  }
  assert.equal(head.failure, undefined);
  slow.clock.advance(3_200);
  assert.deepEqual(head.heard, ["connected", "timeout in head"]);
  const stuck = new World();
  const body = stuck.asked();
  stuck.socket.arrive(OK.slice(0, -2));
  stuck.clock.advance(3_200);
  assert.equal(body.heard.at(-1), "timeout in body");
});

test("a peer that takes nothing of the request is given up after the time for sending", () => {
  const world = new World();
  world.socket.room = 0;
  const asker = world.asked("x".repeat(100_000), { ends: false });
  world.clock.advance(9_900);
  assert.equal(asker.failure, undefined);
  world.clock.advance(300);
  assert.equal(asker.heard.at(-1), "timeout in head");
});

test("a peer that waits for more of a request is not slow", () => {
  const world = new World();
  const asker = world.asked("POST / HTTP/1.1\r\n\r\n", { ends: false });
  world.clock.advance(100_000);
  assert.equal(asker.failure, undefined);
  world.connection.endRequest();
  world.clock.advance(3_200);
  assert.equal(asker.heard.at(-1), "timeout in head");
});

test("the time for an answer begins when the system has taken the request, not after the time for sending", async () => {
  const world = new World();
  world.socket.room = 0;
  const asker = world.asked("x".repeat(100));
  world.clock.advance(5_000);
  world.socket.takes();
  await settled();
  world.clock.advance(2_900);
  assert.equal(asker.failure, undefined);
  world.clock.advance(300);
  assert.equal(asker.heard.at(-1), "timeout in head");
});

test("tells when what was written has gone out", async () => {
  const world = new World();
  world.socket.room = 0;
  const asker = world.asked("x".repeat(100_000), { ends: false });
  world.socket.takes();
  await settled();
  assert.deepEqual(asker.heard, ["connected", "drain"]);
});

test("a paused connection keeps what it has, and the peer is not slow meanwhile", () => {
  const world = new World();
  const asker = world.asked();
  asker.onDataCome = () => world.connection.pause();
  world.socket.arrive(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n",
  );
  assert.deepEqual(asker.heard, ["connected", "200", "a"]);
  assert.ok(world.socket.isPaused());
  world.clock.advance(100_000);
  world.connection.resume();
  world.connection.resume();
  assert.deepEqual(asker.heard, ["connected", "200", "a", "b", "c"]);
  world.connection.resume();
  assert.equal(asker.heard.at(-1), "end");
  assert.equal(world.socket.isPaused(), false);
  assert.equal(world.freed, 1);
});

test("a request that is still being sent does not make a paused peer late", () => {
  const world = new World();
  const asker = world.asked("POST / HTTP/1.1\r\n\r\n", { ends: false });
  asker.onDataCome = () => world.connection.pause();
  world.socket.arrive(OK.slice(0, -1));
  world.connection.write("more");
  world.connection.endRequest();
  world.clock.advance(100_000);
  assert.equal(asker.failure, undefined);
  world.connection.resume();
  world.clock.advance(3_200);
  assert.equal(asker.heard.at(-1), "timeout in body");
});

test("what was received before the peer's end is not lost while the reader pauses", () => {
  const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n";
  for (const end of ["0\r\n\r\n", ""]) {
    const world = new World();
    const asker = world.asked();
    asker.onDataCome = () => world.connection.pause();
    world.socket.arrive(chunked + end);
    world.socket.ends();
    assert.deepEqual(asker.heard, ["connected", "200", "a"]);
    world.connection.resume();
    world.connection.resume();
    assert.deepEqual(asker.heard.slice(3), ["b", end === "" ? "error in body" : "end"]);
    assert.equal(world.freed, 0);
  }
});

test("a response that ends while its reader pauses leaves the connection for the next request", () => {
  const world = new World();
  const asker = world.asked();
  asker.onDataCome = () => world.connection.pause();
  world.socket.arrive(OK);
  assert.equal(asker.heard.at(-1), "end");
  assert.deepEqual([world.freed, world.socket.isPaused()], [1, false]);
  const next = world.ask();
  world.socket.arrive(OK);
  assert.equal(next.heard.at(-1), "end");
});

test("a request that gives up within a call hears nothing more", async () => {
  const world = new World();
  const asker = world.asked();
  asker.onHeadCome = () => world.connection.destroy();
  world.socket.arrive(OK);
  await settled();
  assert.deepEqual(asker.heard, ["connected", "200"]);
  assert.equal(world.closed, 1);
});

test("what follows 101 goes to the tunnel, as do drains and ends", async () => {
  const world = new World();
  const asker = world.asked();
  const told: string[] = [];
  asker.onHeadCome = () =>
    world.connection.detach({
      received: (chunk) => void told.push(chunk.toString("latin1")),
      drained: () => void told.push("drained"),
      ended: () => void told.push("ended"),
      closed: () => void told.push("closed"),
    });
  world.socket.arrive("HTTP/1.1 101 Up\r\nUpgrade: x\r\n\r\nfirst");
  world.socket.arrive("second");
  world.socket.room = 0;
  assert.equal(world.connection.send(Buffer.alloc(100_000)), false);
  world.clock.advance(1_000_000);
  world.socket.takes();
  await settled();
  world.socket.ends();
  world.connection.destroy();
  await settled();
  assert.deepEqual(told, ["first", "second", "drained", "ended", "closed"]);
  assert.deepEqual(asker.heard, ["connected", "101"]);
});

test("fields behind a chunked body are there at its end", () => {
  const world = new World();
  world.asked();
  world.socket.arrive("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nSum: 1\r\n\r\n");
  assert.deepEqual(
    world.connection.trailers.map(([name, value]) => [name, value]),
    [["Sum", "1"]],
  );
});
