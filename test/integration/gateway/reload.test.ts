/** What a reload brings with it and what it leaves: time bounds of the old configuration, certificates, log files, failures. */
import assert from "node:assert/strict";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { loadGatewayConfig } from "../../../src/gateway/nginx/load-config.ts";
import { makeAuthority, makeLeaf } from "../../../src/net/tls/local-certificates.ts";
import { freePort, GatewayFixture, startBackend, until } from "../../helpers/gateway-fixture.ts";
import { request } from "../../helpers/http-request.ts";
import { KeptClient } from "../../helpers/kept-client.ts";

const UPGRADE =
  "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n";

/** Upgrades, then echoes; never answers anything else. */
async function startSilentBackend() {
  const backend = await startBackend("silent", { handler: () => {} });
  backend.server.on("upgrade", (_incoming, socket) => {
    socket.on("error", () => {});
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
    socket.pipe(socket);
  });
  return backend;
}

function proxyConfig(port: number, backend: number): string {
  return `server { listen 127.0.0.1:${port};
    location = /here { return 200 here; }
    location / { proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
      proxy_pass http://127.0.0.1:${backend}; } }`;
}

const mainWith = (timeout: string): string =>
  `error_log error.log info; worker_shutdown_timeout ${timeout};`;

/** A client whose WebSocket is open. */
async function openWebSocket(port: number): Promise<KeptClient> {
  const client = new KeptClient(port);
  client.socket.removeAllListeners("data");
  let text = "";
  client.socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  client.socket.write(UPGRADE);
  await until(() => text.includes("\r\n\r\n"), "the upgrade");
  return client;
}

test("worker_shutdown_timeout of the old configuration ends its requests and WebSockets after a reload, and no idle connection that was used", async () => {
  await using backend = await startSilentBackend();
  await using fixture = new GatewayFixture();
  const port = await freePort();
  const inside = proxyConfig(port, backend.port);
  await fixture.start("");
  const { gateway } = fixture;
  await gateway.reload(() => fixture.load(inside, mainWith("300ms")));
  const socket = await openWebSocket(port);
  const pending = new KeptClient(port);
  const lost = assert.rejects(pending.get("/never"), /request lost/);
  const idle = new KeptClient(port);
  assert.equal((await idle.get("/here")).body, "here");
  const unused = new KeptClient(port);
  await until(() => backend.seen.includes("GET /never"), "the request that gets no answer");
  const reloadedMs = performance.now();
  await gateway.reload(() => fixture.load(inside, mainWith("1h")));
  assert.equal(gateway.retiredCount, 1);
  await lost;
  await until(() => socket.ended && unused.ended, "the end of what was old");
  const tookMs = performance.now() - reloadedMs;
  assert.ok(tookMs >= 250 && tookMs < 3_000, `${tookMs} ms`);
  await until(() => gateway.retiredCount === 0, "the end of the old configuration");
  assert.match(fixture.read("error.log"), /exited with code 0/);
  assert.equal((await idle.get("/here")).body, "here");
  idle.close();
});

test("without worker_shutdown_timeout a WebSocket outlives the configuration it was opened under", async () => {
  await using backend = await startSilentBackend();
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(proxyConfig(port, backend.port));
  const client = await openWebSocket(port);
  await fixture.reload(proxyConfig(port, backend.port));
  await fixture.reload(proxyConfig(port, backend.port));
  assert.equal(fixture.gateway.retiredCount, 1);
  assert.equal(client.ended, false);
  client.close();
  await until(() => fixture.gateway.retiredCount === 0, "the end of the old configuration");
});

test("worker_shutdown_timeout bounds the graceful stop as a whole", async () => {
  await using backend = await startSilentBackend();
  await using fixture = new GatewayFixture();
  const port = await freePort();
  const inside = proxyConfig(port, backend.port);
  await fixture.start(inside);
  const old = await openWebSocket(port);
  await fixture.gateway.reload(() => fixture.load(inside, mainWith("300ms")));
  const current = await openWebSocket(port);
  const startedMs = performance.now();
  await fixture.gateway.close();
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs >= 250 && tookMs < 3_000, `${tookMs} ms`);
  await until(() => old.ended && current.ended, "the end of both WebSockets");
});

test("serves connections that came while the other addresses were still being bound", async () => {
  await using fixture = new GatewayFixture();
  const first = await freePort();
  await fixture.start(`server { listen 127.0.0.1:${await freePort()}; return 200 old; }`);
  const clients: Promise<string>[] = [];
  const others = await Promise.all(Array.from({ length: 20 }, freePort));
  const ports = [first, ...others].map((port) => `listen 127.0.0.1:${port};`).join(" ");
  const reloading = fixture.reload(`server { ${ports} return 200 new; }`);
  for (let count = 0; count < 40; count++) {
    const client = new KeptClient(first);
    const answer = client.get("/").then(({ body }) => body);
    clients.push(answer.catch((error: unknown) => String(error)).finally(() => client.close()));
    await new Promise(setImmediate);
  }
  await reloading;
  const answers = await Promise.all(clients);
  const wrong = answers.filter((body) => body !== "new" && !body.includes("ECONNREFUSED"));
  assert.deepEqual(wrong, []);
  assert.ok(answers.includes("new"));
});

test("a reload reads certificates again: new handshakes see the new one, open connections go on", async () => {
  const authority = await makeAuthority("test authority");
  const [before, after] = await Promise.all([
    makeLeaf(["before.test"], authority),
    makeLeaf(["after.test"], authority),
  ]);
  await using fixture = new GatewayFixture();
  const port = await freePort();
  const config = `server { listen 127.0.0.1:${port} ssl; ssl_certificate own.crt; ssl_certificate_key own.key; return 200 fine; }`;
  fixture.write("own.crt", before.certificate);
  fixture.write("own.key", before.key);
  await fixture.start(config);
  const old = new KeptClient(port, { tls: true });
  await old.get("/");
  fixture.write("own.crt", after.certificate);
  fixture.write("own.key", after.key);
  await fixture.reload(config);
  const fresh = new KeptClient(port, { tls: true });
  await fresh.get("/");
  assert.deepEqual([old.certificateName, fresh.certificateName], ["before.test", "after.test"]);
  assert.equal((await old.get("/")).body, "fine");
  old.close();
  fresh.close();
});

test("a reload opens the log files again, as after logrotate", async () => {
  await using fixture = new GatewayFixture();
  const port = await freePort();
  const config = `server { listen 127.0.0.1:${port}; return 200 fine; }`;
  await fixture.start(config);
  await request(`http://127.0.0.1:${port}/one`);
  renameSync(join(fixture.folder, "access.log"), join(fixture.folder, "access.log.1"));
  await fixture.reload(config);
  await request(`http://127.0.0.1:${port}/two`);
  assert.match(fixture.read("access.log.1"), /"GET \/one /);
  assert.match(fixture.read("access.log"), /^[^\n]*"GET \/two [^\n]*\n$/);
});

test("a failed reload keeps the old configuration, says why, and leaves nothing half installed", async () => {
  const leaf = await makeLeaf(["own.test"], await makeAuthority("test authority"));
  await using fixture = new GatewayFixture();
  const [port, fresh] = [await freePort(), await freePort()];
  const busy = createServer();
  const listening = Promise.withResolvers<void>();
  busy.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  const address = busy.address();
  const busyPort = typeof address === "object" ? (address?.port ?? 0) : 0;
  fixture.write("own.crt", leaf.certificate);
  writeFileSync(join(fixture.folder, "file"), "");
  mkdirSync(join(fixture.folder, "folder"));
  const old = `upstream u { server 127.0.0.1:1; sticky learn create=$cookie_a lookup=$cookie_a zone=z:1m; }
    server { listen 127.0.0.1:${port}; return 200 old; }`;
  await fixture.start(old);
  const kept = new KeptClient(port);
  assert.equal((await kept.get("/")).body, "old");
  const failures: readonly (readonly [string, RegExp])[] = [
    ["nonsense;", /unknown directive "nonsense" in .*gateway\.conf:4/],
    [`server { listen 127.0.0.1:${busyPort}; }`, /bind\(\) to 127\.0\.0\.1:\d+ failed \(98: /],
    [
      `server { listen 127.0.0.1:${fresh} ssl; ssl_certificate own.crt; ssl_certificate_key away.key; }`,
      /cannot load certificate key ".*away\.key"/,
    ],
    ["access_log file/access.log;", /open\(\) ".*file\/access\.log" failed/],
    ["access_log folder;", /open\(\) ".*folder" failed \(21: Is a directory\)/],
    [
      "upstream v { server 127.0.0.1:1; sticky learn create=$cookie_a lookup=$cookie_a zone=z:1m; }",
      /sticky zone "z" is already used in upstream "u"/,
    ],
  ];
  for (const [inside, reason] of failures) {
    const broken = `server { listen 127.0.0.1:${fresh}; return 200 new; } server { listen 127.0.0.1:${port}; return 200 new; } ${inside}`;
    await assert.rejects(fixture.reload(broken), reason);
    assert.match(fixture.read("error.log"), new RegExp(`\\[emerg\\] .*${reason.source}`));
    assert.equal((await kept.get("/")).body, "old");
    assert.equal((await request(`http://127.0.0.1:${port}/`)).body, "old");
    await assert.rejects(request(`http://127.0.0.1:${fresh}/`), { code: "ECONNREFUSED" });
    assert.equal(fixture.gateway.retiredCount, 0);
  }
  assert.equal(fixture.read("access.log").trim().split("\n").length, 1 + 2 * failures.length);
  kept.close();
  busy.close();
});

test("an address that leaves a wildcard's listener takes its open connections to the wildcard's server", async () => {
  await using fixture = new GatewayFixture();
  const port = await freePort();
  const wildcard = `server { listen ${port}; return 200 wildcard; }`;
  await fixture.start(`${wildcard} server { listen 127.0.0.1:${port}; return 200 own; }`);
  const client = new KeptClient(port);
  assert.equal((await client.get("/")).body, "own");
  await fixture.reload(wildcard);
  assert.equal((await client.get("/")).body, "wildcard");
  client.close();
});

test("worker_shutdown_timeout is read once, on the main level, as a duration", async () => {
  await using fixture = new GatewayFixture();
  const config = await fixture.load("", mainWith("1m30s"));
  assert.equal(config.workerShutdownTimeoutMs, 90_000);
  assert.equal((await fixture.load("")).workerShutdownTimeoutMs, 0);
  await assert.rejects(fixture.load("", mainWith("soon")), /invalid value/);
  const file = fixture.write("inside.conf", "http { worker_shutdown_timeout 1s; }");
  const reading = loadGatewayConfig({ file, prefix: fixture.folder });
  await assert.rejects(reading, /"worker_shutdown_timeout" directive is not allowed here/);
});
