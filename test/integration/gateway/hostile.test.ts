/** What broken or hostile clients and peers do: the gateway answers, forwards nothing doubtful, and stays up. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { test } from "node:test";
import { freePort, GatewayFixture, startBackend, until } from "../../helpers/gateway-fixture.ts";
import { request } from "../../helpers/http-request.ts";

/** A peer that sends `text` for each request and closes, whatever it was asked. */
async function startRawPeer(
  text: string,
): Promise<AsyncDisposable & { readonly port: number; readonly seen: string[] }> {
  const seen: string[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      seen.push(chunk.toString("latin1"));
      socket.end(Buffer.from(text, "latin1"));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}

/** Sends raw bytes; resolves with all that came when `isDone` or the connection is closed. */
async function exchange(
  port: number,
  send: string | ((socket: Socket) => void),
  isDone: (text: string) => boolean = () => false,
): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  let closed = false;
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    closed = true;
  });
  await once(socket, "connect");
  if (typeof send === "string") socket.write(Buffer.from(send, "latin1"));
  else send(socket);
  await until(() => closed || isDone(text), "the answer");
  socket.destroy();
  return text;
}

const UPGRADE =
  "GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n";

test("serves pipelined requests in their order, an upgrade among them", async () => {
  await using backend = await startBackend("late", {
    handler(incoming, response) {
      if (incoming.url === "/late") setTimeout(() => response.end("late"), 50);
      else response.end("soon");
    },
  });
  backend.server.on("upgrade", (_, socket) => {
    socket.end(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nup",
    );
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`server { listen 127.0.0.1:${port}; location / {
    proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
    proxy_pass http://127.0.0.1:${backend.port}; } }`);
  const head = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
  const text = await exchange(port, `${head("/late")}${head("/soon")}${UPGRADE}`);
  assert.match(text, /^HTTP\/1\.1 200 [^]*lateHTTP\/1\.1 200 [^]*soonHTTP\/1\.1 101 [^]*up$/);
  assert.deepEqual(backend.seen, ["GET /late", "GET /soon"]);
});

test("answers the request before unreadable bytes first, then the bytes with 400", async () => {
  await using backend = await startBackend("late", {
    handler: (_, response) => void setTimeout(() => response.end("late"), 50),
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(
    `server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${backend.port}; } }`,
  );
  const text = await exchange(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n<nonsense>\r\n\r\n");
  assert.match(text, /^HTTP\/1\.1 200 [^]*late(?:\r\n0\r\n\r\n)?HTTP\/1\.1 400 /);
  const coding = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n";
  assert.equal((await exchange(port, coding)).match(/HTTP\/1\.1 \d+/g)?.length, 1);
});

test("reads no more from a connection that piles up requests behind one in progress", async () => {
  await using backend = await startBackend("never", { handler: () => {} });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(
    `server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${backend.port}; } }`,
  );
  const client = connect(port, "127.0.0.1");
  client.on("error", () => {});
  const wave = "GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100_000);
  for (let count = 0; count < 8; count++) client.write(wave);
  await until(() => backend.seen.length > 0, "the first request");
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.ok(client.writableLength > 0, "the gateway has taken everything");
  assert.equal(backend.seen.length, 1);
  client.destroy();
});

test("forwards the body of a request that also asks for an upgrade", async () => {
  await using backend = await startBackend("echo", {
    handler: (incoming, response) => void incoming.pipe(response),
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(
    `server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${backend.port}; } }`,
  );
  const head = UPGRADE.replace("\r\n\r\n", "\r\nContent-Length: 5\r\n\r\n");
  assert.match(await exchange(port, `${head}hello`, (text) => text.includes("hello")), /hello/);
});

test("stays up when a body that is already streamed grows too large", async () => {
  await using backend = await startBackend("reader");
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`server { listen 127.0.0.1:${port}; client_max_body_size 2m;
    location / { proxy_pass http://127.0.0.1:${backend.port}; } }`);
  const chunk = `80000\r\n${"z".repeat(0x80000)}\r\n`;
  const head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  assert.match(await exchange(port, head + chunk.repeat(6)), /^HTTP\/1\.1 413 /);
  const gone = connect(port, "127.0.0.1");
  gone.on("error", () => {});
  gone.write(head + chunk.repeat(3), () => gone.resetAndDestroy());
  await until(() => / 499 /.test(fixture.read("access.log")), "the end of the aborted upload");
  assert.equal((await request(`http://127.0.0.1:${port}/`)).status, 200);
});

const BAD_RESPONSES: Readonly<Record<string, string>> = {
  "a status below 100": "HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n",
  "101 that nobody asked for": "HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nabc",
  "two lengths": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk",
};

for (const [what, text] of Object.entries(BAD_RESPONSES)) {
  test(`answers 502 when the peer sends ${what}`, async () => {
    await using peer = await startRawPeer(text);
    await using fixture = new GatewayFixture();
    const port = await freePort();
    await fixture.start(
      `server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${peer.port}; } }`,
    );
    assert.equal((await request(`http://127.0.0.1:${port}/`)).status, 502);
    assert.match(fixture.read("error.log"), /upstream sent [^,]+ while reading response header/);
  });
}

test("does not cut off a client that reads slower than proxy_read_timeout, but a silent peer", async () => {
  const size = 20 * 1024 * 1024;
  await using backend = await startBackend("large", {
    handler(incoming, response) {
      if (incoming.url === "/silent")
        response.writeHead(200, { "Content-Length": "9" }).write("abc");
      else response.end(Buffer.alloc(size));
    },
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`server { listen 127.0.0.1:${port};
    location / { proxy_read_timeout 200ms; proxy_pass http://127.0.0.1:${backend.port}; } }`);
  let received = 0;
  const slow = connect(port, "127.0.0.1");
  slow.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  await once(slow, "readable");
  await new Promise((resolve) => setTimeout(resolve, 700));
  for await (const chunk of slow) received += (chunk as Buffer).length;
  assert.ok(received > size, `${received} bytes`);
  const silent = await exchange(port, "GET /silent HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.match(silent, /\r\n\r\nabc$/);
  const sentence = "upstream timed out (110: Connection timed out) while reading upstream";
  await until(() => fixture.read("error.log").includes(sentence), "the sentence in the log");
});

test("sends the head of a response before its body comes", async () => {
  await using backend = await startBackend("events", {
    handler: (_, response) => response.writeHead(200, { "X-Stream": "yes" }).flushHeaders(),
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(
    `server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${backend.port}; } }`,
  );
  const text = await exchange(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", (so) =>
    so.includes("\r\n\r\n"),
  );
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*X-Stream: yes\r\n/);
});

test("evaluates a proxy_pass that is all variables, and lets no line break into the request", async () => {
  await using peer = await startRawPeer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`upstream u { server 127.0.0.1:${peer.port}; }
    server { listen 127.0.0.1:${port}; location / { proxy_pass http://u$uri; } }`);
  const { status } = await request(`http://127.0.0.1:${port}/a%20b%0d%0aX-Evil:%201?q`);
  assert.equal(status, 200);
  assert.match(peer.seen[0] ?? "", /^GET \/a%20b%0D%0AX-Evil:%201 HTTP\/1\.1\r\n/);
});

test("handles text beyond ASCII as bytes: locations, expressions, header values and bodies", async () => {
  await using peer = await startRawPeer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`server { listen 127.0.0.1:${port};
    location /caf\u00e9 { return 200 "\u20ac $uri"; }
    location ~ ^/\u00fc(?<rest>.)$ { return 200 $rest; }
    location / { proxy_set_header X-Euro "\u20ac"; proxy_pass http://127.0.0.1:${peer.port}; } }`);
  const url = `http://127.0.0.1:${port}`;
  assert.equal((await request(`${url}/caf%C3%A9/x`)).body, "\u20ac /caf\u00e9/x");
  assert.equal((await request(`${url}/%C3%BCx`)).body, "x");
  assert.equal((await request(`${url}/`)).status, 200);
  assert.match(peer.seen[0] ?? "", /X-Euro: \u00e2\u0082\u00ac\r\n/);
});
