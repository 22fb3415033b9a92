/** What clients get from the gateway's own HTTP/1.1 engine: bounds, time-outs, lives and ends of connections. */
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { makeAuthority, makeLeaf } from "../../../src/net/tls/local-certificates.ts";
import { freePort, GatewayFixture, startBackend, until } from "../../helpers/gateway-fixture.ts";

interface RawClient extends Disposable {
  readonly socket: Socket;
  text: string;
  ended: boolean;
}

function rawClient(port: number, send = ""): RawClient {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const client: RawClient = {
    socket,
    text: "",
    ended: false,
    [Symbol.dispose]: () => void socket.destroy(),
  };
  socket.on("data", (chunk: Buffer) => {
    client.text += chunk.toString("latin1");
  });
  socket.on("error", () => {});
  socket.on("end", () => {
    client.ended = true;
  });
  if (send !== "") socket.write(Buffer.from(send, "latin1"));
  return client;
}

const get = (path = "/", field = ""): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${field}\r\n`;

/** A gateway of its own with `config` inside one server. */
async function serve(fixture: GatewayFixture, config: string, outside = ""): Promise<number> {
  const port = await freePort();
  await fixture.start(`${outside} server { listen 127.0.0.1:${port}; ${config} }`);
  return port;
}

test("keeps HTTP/1.1 alive, HTTP/1.0 when asked, and closes after keepalive_requests", async () => {
  await using fixture = new GatewayFixture();
  const port = await serve(fixture, "keepalive_requests 3; return 200 ok;");
  using client = rawClient(port, get().repeat(5));
  await until(() => client.ended, "the end");
  const connections = client.text.match(/Connection: \S+/g);
  assert.deepEqual(
    connections,
    ["keep-alive", "keep-alive", "close"].map((v) => `Connection: ${v}`),
  );
  using old = rawClient(port, "GET / HTTP/1.0\r\n\r\n");
  await until(() => old.ended, "the end");
  assert.match(old.text, /^HTTP\/1\.1 200 OK\r\n[^]*Connection: close\r\n\r\nok$/);
  using kept = rawClient(port, "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
  await until(() => kept.text.endsWith("ok"), "the answer");
  assert.match(kept.text, /Connection: keep-alive\r\n/);
});

test("closes idle connections after keepalive_timeout, also where a location sets it", async () => {
  await using fixture = new GatewayFixture();
  const port = await serve(
    fixture,
    "location / { keepalive_timeout 100ms; return 200 ok; } location /no { keepalive_timeout 0; return 200 no; }",
  );
  using client = rawClient(port, get());
  await until(() => client.ended, "the end of the idle connection");
  assert.match(client.text, /Connection: keep-alive\r\n\r\nok$/);
  using closed = rawClient(port, get("/no"));
  await until(() => closed.ended, "the end");
  assert.match(closed.text, /Connection: close\r\n\r\nno$/);
});

const REFUSALS: Readonly<Record<string, readonly [send: string, status: string, page: RegExp]>> = {
  "a target that is too long": [
    `GET /${"x".repeat(9000)} HTTP/1.1\r\n`,
    "414",
    /414 Request-URI Too Large/,
  ],
  "a line that is too long": [
    get("/", `X: ${"x".repeat(9000)}\r\n`),
    "400",
    /Request Header Or Cookie Too Large/,
  ],
  "too many lines": [
    get("/", "X: y\r\n".repeat(6)),
    "400",
    /<h1>400 Bad Request<\/h1><\/center>\r\n<center>Request Header/,
  ],
  "two ends of a body": [
    get("/", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
    "400",
    /400 Bad Request/,
  ],
  "an unknown coding": [get("/", "Transfer-Encoding: gzip\r\n"), "501", /501 Not Implemented/],
  "HTTP/2.0": ["GET / HTTP/2.0\r\nHost: a\r\n\r\n", "505", /505 HTTP Version Not Supported/],
  "bytes that are no request": ["\x16\x03\x01\x02\0", "400", /400 Bad Request/],
};

test("refuses broken heads with a page, a line in both logs, and the end of the connection", async () => {
  await using fixture = new GatewayFixture();
  const port = await serve(fixture, "max_headers 5; return 200 ok;");
  let lines = 0;
  for (const [what, [send, status, page]] of Object.entries(REFUSALS)) {
    using client = rawClient(port, send);
    await until(() => client.ended, what);
    assert.match(client.text, new RegExp(`^HTTP/1\\.1 ${status} [^]*Connection: close\r\n`), what);
    assert.match(client.text, page, what);
    lines++;
    await until(() => fixture.read("access.log").split("\n").length === lines + 1, "the log line");
    assert.match(fixture.read("access.log"), new RegExp(`" ${status} \\d+ "-" "-"\n$`), what);
  }
  const log = fixture.read("error.log");
  assert.match(
    log,
    /\[info\] .* client sent too long URI while reading client request line, client: 127/,
  );
  assert.match(log, /client sent invalid method while reading client request line/);
});

test("answers plain HTTP on a TLS port with nginx's page", async () => {
  await using fixture = new GatewayFixture();
  const authority = await makeAuthority("test");
  const leaf = await makeLeaf(["localhost"], authority);
  fixture.write("a.crt", leaf.certificate);
  fixture.write("a.key", leaf.key);
  const port = await freePort();
  await fixture.start(
    `server { listen 127.0.0.1:${port} ssl; ssl_certificate a.crt; ssl_certificate_key a.key; return 200 ok; }`,
  );
  using client = rawClient(port, get());
  await until(() => client.ended, "the end");
  assert.match(
    client.text,
    /^HTTP\/1\.1 400 Bad Request\r\n[^]*The plain HTTP request was sent to HTTPS port/,
  );
});

test("asks for an expected body only when somebody reads it", async () => {
  await using backend = await startBackend("read", {
    handler: (incoming, response) => void incoming.pipe(response),
  });
  await using fixture = new GatewayFixture();
  const port = await serve(
    fixture,
    `location / { proxy_pass http://127.0.0.1:${backend.port}; } location /no { return 200 no; }`,
  );
  const head = (path: string): string =>
    `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n`;
  using client = rawClient(port, head("/"));
  await until(() => client.text === "HTTP/1.1 100 Continue\r\n\r\n", "100 Continue");
  client.socket.write("hello");
  await until(() => client.text.includes("hello"), "the echo");
  using other = rawClient(port, head("/no"));
  await until(() => other.ended, "the end");
  assert.match(other.text, /^HTTP\/1\.1 200 OK\r\n[^]*Connection: close\r\n\r\nno$/);
});

test("answers broken chunks with 400, bodies that stop with 408, and forwards bare LF as CRLF", async () => {
  await using backend = await startBackend("echo", {
    handler: (incoming, response) => void incoming.pipe(response),
  });
  await using fixture = new GatewayFixture();
  const port = await serve(
    fixture,
    `client_body_timeout 200ms; location / { proxy_pass http://127.0.0.1:${backend.port}; }`,
  );
  const head = "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n";
  using broken = rawClient(port, `${head}5\nhello!`);
  using stopped = rawClient(port, `${head}5\nhel`);
  using whole = rawClient(port, `${head}5;x\nhello\n0\nT: v\n\n${get("/next")}`);
  await until(() => broken.ended && stopped.ended, "the refusals");
  await until(() => /hello[^]*HTTP\/1\.1 200 /.test(whole.text), "both answers");
  assert.match(broken.text, /^HTTP\/1\.1 400 /);
  assert.match(stopped.text, /^HTTP\/1\.1 408 /);
});

test("reads what a refused client still sends, so that it gets the answer", async () => {
  await using fixture = new GatewayFixture();
  const port = await serve(
    fixture,
    "client_max_body_size 1k; lingering_time 500ms; location / { proxy_pass http://127.0.0.1:1; }",
  );
  using client = rawClient(port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n");
  const chunk = Buffer.alloc(100_000);
  for (let count = 0; count < 50; count++) client.socket.write(chunk);
  await until(() => client.ended, "the answer");
  assert.match(client.text, /^HTTP\/1\.1 413 [^]*<\/html>\r\n$/);
  await until(() => client.socket.writableLength === 0, "the gateway to read on");
  await until(() => {
    client.socket.write("x");
    return client.socket.destroyed;
  }, "the end of lingering");
});

test("closes a connection whose client takes nothing of the response for send_timeout", async () => {
  await using backend = await startBackend("large", {
    handler: (_, response) => void response.end(Buffer.alloc(30_000_000)),
  });
  await using fixture = new GatewayFixture();
  const port = await serve(
    fixture,
    `send_timeout 300ms; location / { proxy_pass http://127.0.0.1:${backend.port}; }`,
  );
  using client = rawClient(port, get());
  client.socket.pause();
  const sentence = "client timed out (110: Connection timed out) while sending to client";
  await until(() => fixture.read("error.log").includes(sentence), "the time-out");
});

test("counts what goes over the connection, heads and marks of chunks included", async () => {
  await using backend = await startBackend("five5", {});
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`log_format c "$connection $connection_requests $request_length $bytes_sent $body_bytes_sent";
    server { listen 127.0.0.1:${port}; access_log count.log c;
      location / { proxy_pass http://127.0.0.1:${backend.port}; } }`);
  const post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
  using client = rawClient(port, post);
  await until(() => /five5/.test(client.text), "the answer");
  const sent = client.text.length;
  await until(() => fixture.read("count.log") !== "", "the line");
  assert.equal(fixture.read("count.log"), `1 1 ${post.length} ${sent} 5\n`);
});

test("closes idle connections at once when it stops, and those that have not said a word", async () => {
  await using fixture = new GatewayFixture();
  const port = await serve(fixture, "return 200 ok;");
  using idle = rawClient(port, get());
  using silent = rawClient(port);
  await until(() => idle.text.endsWith("ok"), "the answer");
  await fixture.gateway.close();
  await until(() => idle.ended && silent.ended, "both ends");
});

test("gives up the peer when the client ends its side, as nginx does", async () => {
  const gone = Promise.withResolvers<void>();
  await using backend = await startBackend("never", {
    handler: (incoming) => void incoming.socket.once("close", () => gone.resolve()),
  });
  await using fixture = new GatewayFixture();
  const port = await serve(fixture, `location / { proxy_pass http://127.0.0.1:${backend.port}; }`);
  using client = rawClient(port, get());
  await until(() => backend.seen.length === 1, "the request at the peer");
  client.socket.end();
  await gone.promise;
  await until(() => / 499 0 /.test(fixture.read("access.log")), "499 in the log");
});

test("closes a kept connection whose response was in progress when the gateway stopped", async () => {
  const held = Promise.withResolvers<() => void>();
  await using backend = await startBackend("half", {
    handler(_, response) {
      response.write("half");
      held.resolve(() => void response.end("done"));
    },
  });
  await using fixture = new GatewayFixture();
  const port = await serve(fixture, `location / { proxy_pass http://127.0.0.1:${backend.port}; }`);
  using client = rawClient(port, get());
  await until(() => client.text.includes("half"), "the first half");
  assert.match(client.text, /Connection: keep-alive/);
  const closed = fixture.gateway.close();
  const finish = await held.promise;
  finish();
  await until(() => client.ended, "the end");
  assert.match(client.text, /done\r\n0\r\n\r\n$/);
  await closed;
});
