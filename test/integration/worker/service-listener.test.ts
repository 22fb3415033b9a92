import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { Engine, ServiceRequest, ServiceResponse } from "../../../src/mediation/engine.ts";
import { ByteQueue, bytesStream } from "../../../src/net/byte-queue.ts";
import { collectBytes } from "../../../src/net/byte-stream.ts";
import { streamOf } from "../../../src/net/readable-bytes.ts";
import { MessagesInFlight } from "../../../src/worker/messages-in-flight.ts";
import { ServiceListener } from "../../../src/worker/service-listener.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";

type Handler = (request: ServiceRequest) => ServiceResponse | Promise<ServiceResponse>;

const listeners: ServiceListener[] = [];
after(() => Promise.all(listeners.map((listener) => listener.close())));

async function listening(
  handler: Handler,
  more: { readonly inFlight?: MessagesInFlight } = {},
): Promise<ServiceListener> {
  const engine: Engine = {
    artifacts: [],
    apps: [],
    outcomes: () => [],
    handle: async (request) => handler(request),
    activate: () => Promise.resolve(),
    retire: () => Promise.resolve(),
  };
  const listener = await ServiceListener.start({
    config: {
      scheme: "http",
      port: 0,
      bindAddress: "127.0.0.1",
      wsdlEprPrefix: undefined,
      tls: undefined,
    },
    addressPrefixes: { http: "http://esb.example:8280" },
    currentEngine: () => engine,
    log: new MemoryLog(),
    ...more,
  });
  listeners.push(listener);
  return listener;
}

/** Everything that comes back for raw request text until the connection ends. */
async function exchange(listener: ServiceListener, requestText: string): Promise<string> {
  const socket = connect(listener.port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(requestText);
  return text(socket);
}

const GET = "GET /services/P HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

test("an answer without a phrase of its own has the standard one", async () => {
  for (const [status, line] of [
    [202, "HTTP/1.1 202 Accepted"],
    [503, "HTTP/1.1 503 Service Unavailable"],
    [299, "HTTP/1.1 299 Unknown"],
  ] as const) {
    for (const reason of [{}, { reason: "" }]) {
      const listener = await listening(() => ({ status, ...reason, headers: [], body: undefined }));
      assert.equal((await exchange(listener, GET)).split("\r\n")[0], line);
    }
  }
});

test("an answer whose body breaks off never looks complete", async () => {
  const broken = (headers: ServiceResponse["headers"]): Handler => {
    return () => {
      const body = new Readable({ read: () => undefined });
      body.push("first part");
      setTimeout(() => body.destroy(new Error("the back end has gone")), 20);
      return { status: 200, headers, body: streamOf(body) };
    };
  };
  const chunked = await exchange(await listening(broken([])), GET);
  assert.match(chunked, /first part/);
  assert.doesNotMatch(chunked, /\r\n0\r\n\r\n$/);
  const measured = await exchange(await listening(broken([["Content-Length", "100"]])), GET);
  assert.match(measured, /Content-Length: 100\r\n/);
  assert.match(measured, /first part$/);
});

test("204 and 304 have neither body nor length, and the connection goes on", async () => {
  const statuses = [204, 304, 200];
  const listener = await listening(() => ({
    status: statuses.shift() ?? 500,
    headers: [],
    body: undefined,
  }));
  const keep = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  const answers = (await exchange(listener, keep + keep + GET)).split(/(?=HTTP\/1\.1 )/);
  assert.deepEqual(
    answers.map((answer) => answer.split("\r\n")[0]),
    ["HTTP/1.1 204 No Content", "HTTP/1.1 304 Not Modified", "HTTP/1.1 200 OK"],
  );
  for (const answer of answers.slice(0, 2)) assert.doesNotMatch(answer, /content-length|chunked/i);
});

test("an answer to HEAD tells the length of the body that it leaves out", async () => {
  const listener = await listening(() => ({
    status: 200,
    headers: [["Content-Length", "7"]],
    body: bytesStream(Buffer.alloc(0)),
  }));
  const answer = await exchange(listener, GET.replace("GET", "HEAD"));
  assert.match(answer, /Content-Length: 7\r\n/);
  assert.match(answer, /\r\n\r\n$/);
});

test("headers that would split the answer or frame it twice do not go out", async () => {
  const listener = await listening(() => ({
    status: 200,
    headers: [
      ["Transfer-Encoding", "chunked"],
      ["Connection", "X-Hop"],
      ["Content-Length", "999"],
    ],
    body: Buffer.from("ok"),
  }));
  const answer = await exchange(listener, GET);
  assert.match(answer, /Content-Length: 2\r\n/);
  assert.doesNotMatch(answer, /chunked|X-Hop|999/);
});

test("characters that are no bytes begin no field of their own", async () => {
  const listener = await listening(() => ({
    status: 200,
    reason: "O\u010d\u010aA: b",
    headers: [
      ["X", "a\u010d\u010aSet-Cookie: b"],
      ["Y\r\nSet-Cookie", "c"],
      ["Z\u010d\u010aSet-Cookie", "d"],
    ],
    body: Buffer.from("ok"),
  }));
  const answer = await exchange(listener, GET);
  assert.match(answer, /^HTTP\/1\.1 200 O\?\?A: b\r\nX: a\?\?Set-Cookie: b\r\nDate: /);
  assert.doesNotMatch(answer, /^Set-Cookie/m);
});

test("a stop lets requests in flight finish and takes no new connection", async () => {
  const begun = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const listener = await listening(async () => {
    begun.resolve();
    await release.promise;
    return { status: 200, headers: [], body: Buffer.from("finished") };
  });
  const { port } = listener;
  const answer = exchange(listener, GET.replace("Connection: close\r\n", ""));
  await begun.promise;
  const closed = listener.close();
  const late = connect(port, "127.0.0.1");
  const [refusal] = (await once(late, "error")) as [NodeJS.ErrnoException];
  assert.equal(refusal.code, "ECONNREFUSED");
  release.resolve();
  assert.match(await answer, /finished$/);
  await closed;
});

test("a port that is about to close answers, and ends each connection with its answer", async () => {
  const listener = await listening(() => ({ status: 200, headers: [], body: Buffer.from("ok") }));
  const keep = GET.replace("Connection: close\r\n", "");
  const kept = connect(listener.port, "127.0.0.1");
  kept.write(keep);
  const [first] = (await once(kept, "data")) as [Buffer];
  assert.match(first.toString(), /Connection: keep-alive\r\n/);
  assert.equal(listener.arrivals, 2);
  listener.leave();
  await setImmediate();
  kept.write(keep);
  for (const answer of [await text(kept), await exchange(listener, keep)]) {
    assert.match(answer, /^HTTP\/1\.1 200 [^]*Connection: close\r\n[^]*ok$/);
  }
  assert.equal(listener.arrivals, 5);
});

const POST_HEAD = "POST /services/P HTTP/1.1\r\nHost: h\r\n";

async function bodyOf(request: ServiceRequest): Promise<string> {
  const { body } = request;
  if (body === undefined) return "none";
  const bytes = Buffer.isBuffer(body) ? body : await collectBytes(body, 1_000_000);
  return bytes.toString("latin1");
}

const echo: Handler = async (request) => ({
  status: 200,
  headers: [],
  body: Buffer.from(await bodyOf(request)),
});

test("requests that come in one packet are answered in order", async () => {
  const listener = await listening(echo);
  const one = `${POST_HEAD}Content-Length: 3\r\n\r\none`;
  const two = `${POST_HEAD}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\ntwo\r\n0\r\n\r\n`;
  const answers = await exchange(listener, one + two);
  assert.match(answers, /\r\n\r\noneHTTP\/1\.1 200 OK\r\n[^]*\r\n\r\ntwo$/);
});

test("Expect: 100-continue is answered when the body is asked for", async () => {
  const listener = await listening(echo);
  const socket = connect(listener.port, "127.0.0.1");
  socket.write(
    `${POST_HEAD}Expect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\n`,
  );
  const [first] = (await once(socket, "data")) as [Buffer];
  assert.equal(first.toString(), "HTTP/1.1 100 Continue\r\n\r\n");
  socket.write("body");
  assert.match(await text(socket), /^HTTP\/1\.1 200 OK\r\n[^]*body$/);
});

test("headers with underscores reach the services, and heads that are too large get 431", async () => {
  const listener = await listening(({ headers }) => {
    const names = headers.map(([name]) => name).join(",");
    return { status: 200, headers: [], body: Buffer.from(names) };
  });
  assert.match(await exchange(listener, GET.replace("Host", "x_id: 7\r\nHost")), /x_id,Host/);
  const large = `X-Large: ${"x".repeat(40_000)}\r\nHost`;
  assert.match(await exchange(listener, GET.replace("Host", large)), /^HTTP\/1\.1 431 /);
});

test("a body that nobody reads does not end the connection when it is short", async () => {
  const listener = await listening(() => ({ status: 202, headers: [], body: undefined }));
  const socket = connect(listener.port, "127.0.0.1");
  socket.write(`${POST_HEAD}Content-Length: 4\r\n\r\nbo`);
  await setImmediate();
  socket.write(`dy${GET}`);
  assert.equal((await text(socket)).match(/HTTP\/1\.1 202 Accepted/g)?.length, 2);
});

test("beyond the limit of messages in flight clients are told to come again", async () => {
  const inFlight = new MessagesInFlight(1);
  const begun = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const listener = await listening(
    async () => {
      begun.resolve();
      await release.promise;
      return { status: 200, headers: [], body: undefined };
    },
    { inFlight },
  );
  const first = exchange(listener, GET);
  await begun.promise;
  assert.match(await exchange(listener, GET), /^HTTP\/1\.1 503 [^]*Retry-After: 1\r\n/);
  release.resolve();
  assert.match(await first, /^HTTP\/1\.1 200/);
  assert.equal(inFlight.count, 0);
});

test("a client that goes away in the middle of an answer leaves nothing behind", async () => {
  const inFlight = new MessagesInFlight(10);
  const cancelled = Promise.withResolvers<void>();
  const listener = await listening(
    () => {
      const calls = { pause: () => {}, resume: () => {}, cancel: () => cancelled.resolve() };
      const body = new ByteQueue(calls);
      body.push(Buffer.from("first"));
      return { status: 200, headers: [], body };
    },
    { inFlight },
  );
  const socket = connect(listener.port, "127.0.0.1");
  socket.write(GET);
  await once(socket, "data");
  socket.destroy();
  await cancelled.promise;
  assert.equal(inFlight.count, 0);
});

test("a client that reads nothing holds the source of its answer back", async () => {
  const paused = Promise.withResolvers<void>();
  const chunk = Buffer.alloc(256 * 1024);
  const listener = await listening(() => {
    let left = 1_000;
    const stop = (): void => {
      left = 0;
      paused.resolve();
    };
    const body = new ByteQueue({ pause: stop, resume: () => {}, cancel: () => {} });
    const more = async (): Promise<void> => {
      while (left-- > 0) {
        body.push(chunk);
        await setImmediate();
      }
    };
    void more();
    return { status: 200, headers: [], body };
  });
  const socket = connect(listener.port, "127.0.0.1");
  socket.pause();
  socket.write(GET);
  await paused.promise;
  socket.destroy();
});

test("a client that ends in the middle of its body leaves no half connection behind", async () => {
  const listener = await listening(async ({ body }) => {
    if (body && !Buffer.isBuffer(body)) await collectBytes(body, 1_000).catch(() => {});
    return { status: 500, headers: [], body: undefined };
  });
  const socket = connect({ port: listener.port, host: "127.0.0.1", allowHalfOpen: true });
  await once(socket, "connect");
  socket.resume();
  socket.end("POST /services/P HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n<q>");
  await once(socket, "end", { signal: AbortSignal.timeout(3_000) });
});
