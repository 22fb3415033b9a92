/** What happens to connections: upgrades, reloads under load, busy ports, slow and broken clients, the end. */
import assert from "node:assert/strict";
import http from "node:http";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { AppError } from "../../../src/errors/app-error.ts";
import { ConfigError } from "../../../src/errors/config-error.ts";
import { freePort, GatewayFixture, startBackend, until } from "../../helpers/gateway-fixture.ts";
import { request } from "../../helpers/http-request.ts";

const UPGRADE_CONFIG = (port: number, backend: number): string => `
  map $http_upgrade $connection_upgrade { default upgrade; '' close; }
  server { listen 127.0.0.1:${port}; location / {
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
    proxy_pass http://127.0.0.1:${backend}; } }`;

const UPGRADE_REQUEST =
  "GET /chat HTTP/1.1\r\nHost: ws\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n";

/** A raw client: `text` grows with what comes. */
function rawClient(
  port: number,
  send: string,
): { readonly socket: Socket; text: string; closed: boolean } {
  const socket = connect(port, "127.0.0.1", () => socket.write(send));
  const client = { socket, text: "", closed: false };
  socket.on("data", (chunk: Buffer) => {
    client.text += chunk.toString("latin1");
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    client.closed = true;
  });
  return client;
}

test("carries a WebSocket through, and keeps it over a reload", async () => {
  await using backend = await startBackend("ws");
  backend.server.on("upgrade", (incoming, socket) => {
    const { upgrade, connection } = incoming.headers;
    socket.on("error", () => {});
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Seen: ${upgrade} ${connection}\r\n\r\nhello`,
    );
    socket.pipe(socket);
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(UPGRADE_CONFIG(port, backend.port));
  const client = rawClient(port, UPGRADE_REQUEST);
  await until(() => client.text.endsWith("hello"), "the head and what followed it at once");
  assert.match(client.text, /^HTTP\/1\.1 101 Switching Protocols\r\n/);
  assert.match(client.text, /X-Seen: websocket upgrade\r\n/i);
  assert.match(client.text, /\r\nUpgrade: websocket\r\n/);
  client.socket.write(" one");
  await until(() => client.text.endsWith("hello one"), "the first echo");
  await fixture.reload(UPGRADE_CONFIG(port, backend.port));
  client.socket.write(" two");
  await until(() => client.text.endsWith("hello one two"), "the echo after the reload");
  client.socket.end();
  await until(() => client.closed, "the end of both sides");
  await until(
    () => fixture.read("access.log").includes('"GET /chat HTTP/1.1" 101'),
    "the log line",
  );
});

test("answers an upgrade that the peer refuses with the peer's response", async () => {
  await using backend = await startBackend("plain");
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(UPGRADE_CONFIG(port, backend.port));
  const client = rawClient(port, UPGRADE_REQUEST);
  await until(() => client.text.includes("plain"), "the peer's response");
  assert.match(client.text, /^HTTP\/1\.1 200 OK\r\n[^]*Connection: keep-alive\r\n/);
  client.socket.destroy();
});

test("loses no request of kept connections while it is reloaded", async () => {
  await using backend = await startBackend("backend");
  await using other = await startBackend("other");
  await using fixture = new GatewayFixture();
  const port = await freePort();
  const configOf = (target: number): string =>
    `server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${target}; } }`;
  await fixture.start(configOf(backend.port));
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  const load = { running: true };
  const statuses: number[] = [];
  const client = async (): Promise<void> => {
    while (load.running)
      statuses.push((await request(`http://127.0.0.1:${port}/`, { agent })).status);
  };
  const clients = Array.from({ length: 8 }, client);
  for (let count = 0; count < 6; count++) {
    await fixture.reload(configOf(count % 2 === 0 ? other.port : backend.port));
    await until(() => statuses.length > (count + 1) * 20, "requests between reloads");
  }
  load.running = false;
  await Promise.all(clients);
  agent.destroy();
  assert.deepEqual([...new Set(statuses)], [200]);
  assert.ok(other.seen.length > 0);
  const log = fixture.read("error.log");
  await until(
    () => fixture.read("error.log").match(/exited with code 0/g)?.length === 6,
    "one line per old generation",
  );
  assert.doesNotMatch(log, /\[(error|crit|alert)\]/);
});

test("keeps the old configuration when the new one is wrong, and logs every reason", async () => {
  await using fixture = new GatewayFixture();
  const port = await freePort();
  const server = (text: string): string =>
    `server { listen 127.0.0.1:${port}; location / { return 200 "${text}"; } }`;
  await fixture.start(server("old"));
  await assert.rejects(
    fixture.reload(`${server("new")} foo 1;\nserver { listen 99999; }`),
    ConfigError,
  );
  assert.equal((await request(`http://127.0.0.1:${port}/`)).body, "old");
  assert.match(
    fixture.read("error.log"),
    /\[emerg\] .* unknown directive "foo" in .*gateway\.conf:4/,
  );
  assert.match(fixture.read("error.log"), /\[emerg\] .* invalid port in "99999"/);
  await fixture.reload(server("new"));
  assert.equal((await request(`http://127.0.0.1:${port}/`)).body, "new");
});

test("a sticky zone cannot move to another upstream in a reload", async () => {
  await using fixture = new GatewayFixture();
  const port = await freePort();
  const configOf = (name: string): string => `
    upstream ${name} { server 127.0.0.1:1; sticky learn create=$cookie_s lookup=$cookie_s zone=z:1m; }
    server { listen 127.0.0.1:${port}; return 204; }`;
  await fixture.start(configOf("a"));
  await assert.rejects(
    fixture.reload(configOf("b")),
    /sticky zone "z" is already used in upstream "a"/,
  );
});

test("names every busy port and binds none", async () => {
  await using first = await startBackend("first");
  await using second = await startBackend("second");
  await using fixture = new GatewayFixture();
  const port = await freePort();
  const ports = [port, first.port, second.port];
  const listens = ports.map((number) => `listen 127.0.0.1:${number};`).join(" ");
  await assert.rejects(fixture.start(`server { ${listens} return 204; }`), (error: unknown) => {
    assert.ok(error instanceof AppError);
    assert.equal(error.code, "PORT_BUSY");
    assert.equal(
      error.message,
      [first.port, second.port]
        .map((busy) => `bind() to 127.0.0.1:${busy} failed (98: Address already in use)`)
        .join("\n"),
    );
    return true;
  });
  await using reused = await startBackend("reused", { port });
  assert.equal(reused.port, port);
});

test("opens and closes ports in a reload", async () => {
  await using fixture = new GatewayFixture();
  const [before, after] = [await freePort(), await freePort()];
  await fixture.start(`server { listen 127.0.0.1:${before}; return 200 before; }`);
  await fixture.reload(`server { listen 127.0.0.1:${after}; return 200 after; }`);
  assert.equal((await request(`http://127.0.0.1:${after}/`)).body, "after");
  await assert.rejects(request(`http://127.0.0.1:${before}/`), /ECONNREFUSED/);
});

test("answers heads that cannot be read with 400 and heads that never end with 408", async () => {
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(
    `client_header_timeout 500ms; server { listen 127.0.0.1:${port}; return 204; }`,
  );
  const smuggler = rawClient(
    port,
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  );
  const climber = rawClient(port, "GET /../etc HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const slow = rawClient(port, "GET / HTTP/1.1\r\nHo");
  await until(() => smuggler.closed && climber.closed && slow.closed, "three closed connections");
  assert.match(smuggler.text, /^HTTP\/1\.1 400 Bad Request\r\n/);
  assert.match(climber.text, /^HTTP\/1\.1 400 Bad Request\r\n/);
  assert.match(slow.text, /^HTTP\/1\.1 408 Request Time-out\r\n/);
});

test("finishes requests in progress before it closes, and takes no new connections", async () => {
  const held = Promise.withResolvers<http.ServerResponse>();
  await using backend = await startBackend("slow", {
    handler: (_, response) => held.resolve(response),
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  const gateway = await fixture.start(
    `server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${backend.port}; } }`,
  );
  const answer = request(`http://127.0.0.1:${port}/`);
  const response = await held.promise;
  const closed = gateway.close();
  await assert.rejects(request(`http://127.0.0.1:${port}/`), /ECONNREFUSED/);
  response.end("done");
  assert.equal((await answer).body, "done");
  await closed;
});

test("binds a wildcard once and tells its addresses apart", async () => {
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`
    server { listen ${port}; return 200 any; }
    server { listen 127.0.0.1:${port}; return 200 loopback; }`);
  assert.equal((await request(`http://127.0.0.1:${port}/`)).body, "loopback");
});
