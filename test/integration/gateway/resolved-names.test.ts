/** Names that are resolved while the gateway runs: proxy_pass with variables, and servers of upstreams. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DnsDouble } from "../../helpers/dns-double.ts";
import { freePort, GatewayFixture, startBackend, until } from "../../helpers/gateway-fixture.ts";
import { eventually, request } from "../../helpers/http-request.ts";

test("proxy_pass with variables goes where the resolver says, or answers 502 in nginx's words", async () => {
  await using dns = await DnsDouble.start();
  await using backend = await startBackend("found");
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`resolver 127.0.0.1:${dns.port} ipv6=off; resolver_timeout 300ms;
    server { listen 127.0.0.1:${port}; add_header X-Peer $upstream_addr always;
      location / { proxy_pass http://$arg_h:${backend.port}/x; } }`);
  const ask = (host: string) => request(`http://127.0.0.1:${port}/?h=${host}`);
  dns.set("a.test", ["127.0.0.1"]);
  dns.answers.set("large.test", { truncated: true, records: [{ type: "A", data: "127.0.0.1" }] });
  dns.answers.set("b.test", {
    forged: [{ type: "A", data: "192.0.2.66" }],
    records: [{ type: "A", data: "127.0.0.1" }],
  });
  dns.answers.set("alias.test", { records: [{ type: "CNAME", data: "a.test" }] });
  dns.answers.set("ill.test", { code: 2 });
  dns.answers.set("silent.test", { silent: true });
  for (const host of ["a.test", "A.TEST", "large.test", "b.test", "alias.test"]) {
    const answer = await ask(host);
    assert.deepEqual(
      [answer.body, answer.headers["x-peer"]],
      ["found", `127.0.0.1:${backend.port}`],
    );
  }
  const hosts = ["ill.test", "silent.test", "missing.test", "a..test"];
  for (const host of hosts) assert.equal((await ask(host)).status, 502);
  const log = fixture.read("error.log");
  assert.match(log, /\[error\].*ill\.test could not be resolved \(2: Server failure\), client:/);
  assert.match(log, /silent\.test could not be resolved \(110: Operation timed out\)/);
  assert.match(log, /missing\.test could not be resolved \(3: Host not found\)/);
  assert.deepEqual(
    dns.asked.filter((line) => line.startsWith("a.test")),
    ["a.test A", "a.test A"],
  );
  assert.ok(dns.asked.includes("large.test A tcp"));
  assert.ok(new Set(dns.sourcePorts).size > 3);
});

test("tries the addresses of a name one after the other, within proxy_next_upstream_tries", async () => {
  await using dns = await DnsDouble.start();
  await using backend = await startBackend("found");
  await using fixture = new GatewayFixture();
  const port = await freePort();
  dns.set("many.test", ["127.0.0.1", "127.0.0.2", "127.0.0.3"]);
  await fixture.start(`resolver 127.0.0.1:${dns.port} ipv6=off;
    server { listen 127.0.0.1:${port}; add_header X-Peer $upstream_addr always;
      proxy_next_upstream_tries 2;
      location /all { proxy_next_upstream_tries 0; proxy_pass http://$arg_h:${backend.port}; }
      location /two { proxy_pass http://$arg_h:1; } }`);
  assert.equal((await request(`http://127.0.0.1:${port}/all?h=many.test`)).body, "found");
  const two = await request(`http://127.0.0.1:${port}/two?h=many.test`);
  assert.equal(String(two.headers["x-peer"]).split(", ").length, 2);
});

test("a client that goes while its name is asked for is logged as gone", async () => {
  await using dns = await DnsDouble.start();
  await using fixture = new GatewayFixture();
  const port = await freePort();
  dns.answers.set("silent.test", { silent: true });
  await fixture.start(`resolver 127.0.0.1:${dns.port};
    server { listen 127.0.0.1:${port}; location / { proxy_pass http://$arg_h; } }`);
  const abort = AbortSignal.timeout(100);
  await assert.rejects(fetch(`http://127.0.0.1:${port}/?h=silent.test`, { signal: abort }));
  await until(() => / 499 /.test(fixture.read("access.log")), "499 in the log");
  assert.equal(fixture.gateway.activeCount, 0);
});

test("peers of a name come and go without a reload; sessions stay; errors change nothing", async () => {
  await using dns = await DnsDouble.start();
  await using backend = await startBackend("peer");
  await using fixture = new GatewayFixture();
  const port = await freePort();
  const conf = (
    target: number,
  ) => `resolver 127.0.0.1:${dns.port} valid=1s ipv6=off; resolver_timeout 1s;
    upstream u { zone z 1m; server pool.test:${target} resolve max_fails=0; sticky cookie sid; }
    server { listen 127.0.0.1:${port}; add_header X-Peer $upstream_addr always;
      location / { proxy_pass http://u; proxy_connect_timeout 1s; } }`;
  await fixture.start(conf(backend.port));
  const ask = (cookie = "") => request(`http://127.0.0.1:${port}/`, { headers: { cookie } });
  const empty = await ask();
  assert.deepEqual([empty.status, empty.headers["x-peer"]], [502, "u"]);
  dns.set("pool.test", ["127.0.0.1"]);
  const bound = await eventually("the first address", async () => {
    const answer = await ask();
    assert.equal(answer.status, 200);
    return String(answer.headers["set-cookie"]).split(";")[0] ?? "";
  });
  dns.set("pool.test", ["127.0.0.2", "127.0.0.1"]);
  await eventually("the second address", async () => {
    const peers = String((await ask()).headers["x-peer"]);
    return peers.includes("127.0.0.2") || undefined;
  });
  for (let count = 0; count < 5; count++) {
    assert.equal((await ask(bound)).headers["x-peer"], `127.0.0.1:${backend.port}`);
  }
  dns.answers.set("pool.test", { code: 2 });
  await until(
    () => fixture.read("error.log").includes("pool.test could not be resolved (2: Server failure)"),
    "an error",
  );
  await fixture.reload(conf(backend.port));
  assert.equal((await ask(bound)).headers["x-peer"], `127.0.0.1:${backend.port}`);
  dns.answers.delete("pool.test");
  await eventually("no address any more", async () => {
    return (await ask(bound)).headers["x-peer"] === "u" || undefined;
  });
});

test("a service gives ports and priorities: others than the first are backups", async () => {
  await using dns = await DnsDouble.start();
  await using first = await startBackend("first");
  await using second = await startBackend("second");
  await using fixture = new GatewayFixture();
  const port = await freePort();
  dns.answers.set("_http._tcp.shop.test", {
    records: [
      { type: "SRV", data: `20 5 ${second.port} host.test` },
      { type: "SRV", data: `10 5 ${first.port} host.test` },
    ],
  });
  dns.set("host.test", ["127.0.0.1"]);
  await fixture.start(`upstream u { zone z 1m; resolver 127.0.0.1:${dns.port} ipv6=off;
      server shop.test service=http resolve; }
    server { listen 127.0.0.1:${port}; location / { proxy_pass http://u; } }`);
  const ask = async () => (await request(`http://127.0.0.1:${port}/`)).body;
  await eventually("the service", async () => (await ask()) === "first" || undefined);
  assert.equal(await ask(), "first");
  first.server.close();
  first.server.closeAllConnections();
  assert.equal(await ask(), "second");
});
