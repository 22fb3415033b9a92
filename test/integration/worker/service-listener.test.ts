import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import type { Engine, ServiceRequest, ServiceResponse } from "../../../src/mediation/engine.ts";
import { ServiceListener } from "../../../src/worker/service-listener.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";

type Handler = (request: ServiceRequest) => ServiceResponse | Promise<ServiceResponse>;

const listeners: ServiceListener[] = [];
after(() => Promise.all(listeners.map((listener) => listener.close())));

async function listening(handler: Handler): Promise<ServiceListener> {
  const engine: Engine = {
    artifacts: [],
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
      return { status: 200, headers, body };
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
    body: Readable.from([]),
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
