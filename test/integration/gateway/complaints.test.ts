/**
 * What users of other gateways complain about, each as a test that bears the complaint's name: WebSockets and sessions
 * that a reload or a change of servers destroys.
 */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { systemClock } from "../../../src/runtime/clock.ts";
import {
  type Backend,
  freePort,
  GatewayFixture,
  startBackend,
  until,
} from "../../helpers/gateway-fixture.ts";
import { request } from "../../helpers/http-request.ts";

const LEARN =
  "sticky learn create=$upstream_cookie_sid lookup=$cookie_sid zone=sessions:1m timeout=60s;";

let sessionCount = 0;

/** Gives a session to clients without one, and answers with its name. */
function startWorker(name: string, port?: number): Promise<Backend> {
  return startBackend(name, {
    ...(port === undefined ? {} : { port }),
    handler(incoming, response) {
      if (!incoming.headers.cookie?.includes("sid=")) {
        response.setHeader("Set-Cookie", `sid=S${++sessionCount}`);
      }
      response.end(name);
    },
  });
}

function configOf(port: number, workers: readonly Backend[], sticky: string, more = ""): string {
  const servers = workers.map((worker) => `server 127.0.0.1:${worker.port};`).join(" ");
  return `upstream u { ${servers} ${sticky} }
    server { listen 127.0.0.1:${port}; location / { proxy_pass http://u; } ${more} }`;
}

/** The cookies that the first response sets, as a client sends them back. */
async function openSession(
  url: string,
): Promise<{ readonly Cookie: string; readonly body: string }> {
  const { headers, body } = await request(url);
  const cookies = headers["set-cookie"]?.map((cookie) => cookie.split(";")[0]) ?? [];
  return { Cookie: cookies.join("; "), body };
}

async function ask(url: string, Cookie: string): Promise<string> {
  const { status, body } = await request(url, { headers: { Cookie } });
  assert.equal(status, 200);
  return body;
}

test("a WebSocket survives 136 reloads (nginx-gateway-fabric#5524)", async () => {
  await using backend = await startBackend("ws");
  backend.server.on("upgrade", (_incoming, socket) => {
    socket.on("error", () => {});
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
    socket.pipe(socket);
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  const config = (number: number): string => `
    upstream u { server 127.0.0.1:${backend.port}; }
    server { listen 127.0.0.1:${port}; location / { proxy_pass http://u;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }
      location /of { return 200 ${number}; } }`;
  await fixture.start(config(0));
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  socket.write("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  await until(() => text.endsWith("\r\n\r\n"), "the upgrade");
  for (let number = 1; number <= 136; number++) {
    text = "";
    const message = `message ${number}`;
    if (number % 2 === 0) socket.write(message);
    await fixture.reload(config(number));
    if (number % 2 === 1) socket.write(message);
    await until(() => text.length >= message.length, `the echo after reload ${number}`);
    assert.equal(text, message);
  }
  assert.equal((await request(`http://127.0.0.1:${port}/of`)).body, "136");
  assert.equal(fixture.gateway.retiredCount, 1);
  socket.destroy();
  await until(() => fixture.gateway.retiredCount === 0, "the end of the first configuration");
});

test("a sticky cookie to a vanished server is replaced at once, in the same request (traefik#1299)", async () => {
  await using first = await startWorker("first");
  await using second = await startWorker("second");
  await using fixture = new GatewayFixture();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  await fixture.start(configOf(port, [first, second], "sticky cookie route;"));
  const [one, other] = [await request(url), await request(url)];
  assert.deepEqual([one.body, other.body], ["first", "second"]);
  const routeOf = ({ headers }: typeof one): string =>
    headers["set-cookie"]?.find((cookie) => cookie.startsWith("route="))?.split(";")[0] ?? "";
  await fixture.reload(configOf(port, [second], "sticky cookie route;"));
  const moved = await request(url, { headers: { Cookie: routeOf(one) } });
  assert.deepEqual([moved.status, moved.body, routeOf(moved)], [200, "second", routeOf(other)]);
});

test("a learned session to a vanished server is learned anew at once, in the same request", async () => {
  await using first = await startWorker("first");
  await using second = await startWorker("second");
  await using third = await startWorker("third");
  await using fixture = new GatewayFixture();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  await fixture.start(configOf(port, [first, second, third], LEARN));
  const session = await openSession(url);
  assert.equal(session.body, "first");
  await fixture.reload(configOf(port, [second, third], LEARN));
  const moved = await ask(url, session.Cookie);
  assert.notEqual(moved, "first");
  await fixture.reload(configOf(port, [first, second, third], LEARN));
  for (let count = 0; count < 4; count++) assert.equal(await ask(url, session.Cookie), moved);
});

test("a retry leaves the dead server that the session is bound to, and the session moves for good (traefik#5177)", async () => {
  const first = await startWorker("first");
  await using second = await startWorker("second");
  await using fixture = new GatewayFixture();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const config = configOf(port, [first, second], LEARN);
  await fixture.start(config);
  const session = await openSession(url);
  assert.equal(session.body, "first");
  await first[Symbol.asyncDispose]();
  assert.equal(await ask(url, session.Cookie), "second");
  await using revived = await startWorker("first", first.port);
  await fixture.reload(config);
  for (let count = 0; count < 4; count++) assert.equal(await ask(url, session.Cookie), "second");
  assert.deepEqual(revived.seen, []);
});

test("an unrelated edit of the configuration changes no session (traefik#9728)", async () => {
  await using first = await startWorker("first");
  await using second = await startWorker("second");
  await using fixture = new GatewayFixture();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  for (const sticky of [LEARN, "sticky cookie route;"]) {
    const workers = [first, second];
    const text = configOf(port, workers, sticky);
    if (sticky === LEARN) await fixture.start(text);
    else await fixture.reload(text);
    const sessions = [];
    for (let count = 0; count < 6; count++) sessions.push(await openSession(url));
    assert.deepEqual(new Set(sessions.map(({ body }) => body)), new Set(["first", "second"]));
    const edits = [
      configOf(port, workers, sticky, "location /new { return 204; }"),
      configOf(port, workers.toReversed(), sticky),
      `upstream other { server 127.0.0.1:1; } ${configOf(port, workers, sticky)}`,
      `server { listen 127.0.0.1:${await freePort()}; } ${configOf(port, workers, sticky)}`,
    ];
    for (const edit of edits) {
      await fixture.reload(edit);
      for (const { Cookie, body } of sessions) assert.equal(await ask(url, Cookie), body);
    }
  }
});

test("the session table survives a reload with the ages of its sessions, and they go on ageing (haproxy#842)", async () => {
  await using first = await startWorker("first");
  await using second = await startWorker("second");
  await using fixture = new GatewayFixture();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  let laterMs = 0;
  const purges: (() => void)[] = [];
  const clock = {
    ...systemClock,
    monotonicMs: () => systemClock.monotonicMs() + laterMs,
    every(intervalMs: number, action: () => void) {
      if (intervalMs === 1_000) purges.push(action);
      return systemClock.every(intervalMs, action);
    },
  };
  const pass = (ms: number): void => {
    laterMs += ms;
    for (const purge of purges) purge();
  };
  const text = configOf(port, [first, second], LEARN);
  await fixture.start(text, { clock });
  const [idle, used] = [await openSession(url), await openSession(url)];
  assert.deepEqual([idle.body, used.body], ["first", "second"]);
  pass(40_000);
  assert.equal(await ask(url, used.Cookie), "second");
  await fixture.reload(text);
  pass(15_000);
  assert.equal(await ask(url, idle.Cookie), "first", "known 55 seconds after its last use");
  pass(40_000);
  await fixture.reload(text);
  pass(15_000);
  // Its last use is 70 seconds ago, before two reloads: it is balanced like a new client.
  const answers = [await ask(url, used.Cookie), await ask(url, used.Cookie)];
  assert.deepEqual(answers.toSorted(), ["first", "second"]);
  assert.equal(await ask(url, idle.Cookie), "first", "known 55 seconds after its last use");
});
