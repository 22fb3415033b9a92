/** Peers that are Unix sockets, addresses that only a request tells, and connections to peers without upstream block. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { freePort, GatewayFixture, startBackend } from "../../helpers/gateway-fixture.ts";
import { request } from "../../helpers/http-request.ts";

test("sends requests to Unix sockets: of an upstream, of proxy_pass with a URI, and of a variable", async () => {
  await using fixture = new GatewayFixture();
  const path = join(fixture.folder, "peer.sock");
  const server = createServer((incoming, response) => {
    response.end(`${incoming.headers.host} ${incoming.url}`);
  });
  server.listen(path);
  await once(server, "listening");
  try {
    const port = await freePort();
    await fixture.start(`upstream u { server unix:${path}; }
      server { listen 127.0.0.1:${port};
        add_header X-Peer "$upstream_addr $proxy_host $proxy_port";
        location /named { proxy_pass http://u; }
        location /direct/ { proxy_pass http://unix:${path}:/inner/; }
        location /bare { proxy_pass http://unix:${path}; }
        location /variable { proxy_pass http://$arg_to; }
        location /gone { proxy_pass http://unix:${path}.gone:/x; } }`);
    const ask = (target: string) => request(`http://127.0.0.1:${port}${target}`);
    const named = await ask("/named");
    assert.equal(named.body, "u /named");
    assert.equal(named.headers["x-peer"], `unix:${path} u 80`);
    const direct = await ask("/direct/a?b=c");
    assert.equal(direct.body, "localhost /inner/a?b=c");
    assert.equal(direct.headers["x-peer"], `unix:${path} localhost`);
    assert.equal((await ask("/bare")).body, "localhost /bare");
    assert.equal((await ask(`/variable?to=unix:${path}:/other`)).body, "localhost /other");
    assert.equal((await ask("/gone")).status, 502);
    assert.match(fixture.read("error.log"), /upstream: "http:\/\/unix:[^"]*peer\.sock\.gone:\/x"/);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test("an address from a variable needs no upstream block; a name would need a resolver", async () => {
  await using backend = await startBackend("found");
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(
    `server { listen 127.0.0.1:${port}; location / { proxy_pass http://$arg_to/x; } }`,
  );
  const ask = (to: string) => request(`http://127.0.0.1:${port}/?to=${to}`);
  assert.equal((await ask(`127.0.0.1:${backend.port}`)).body, "found");
  assert.equal((await ask("name.example")).status, 502);
  assert.match(fixture.read("error.log"), /no resolver defined to resolve name\.example/);
});

test("keeps connections to the servers of an upstream block, and to no others", async () => {
  const ports: (number | undefined)[] = [];
  await using backend = await startBackend("peer", {
    handler: (incoming, response) => {
      ports.push(incoming.socket.remotePort);
      response.end(incoming.headers.connection ?? "kept");
    },
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`upstream u { server 127.0.0.1:${backend.port}; }
    server { listen 127.0.0.1:${port};
      location /block { proxy_pass http://u; }
      location /address { proxy_pass http://127.0.0.1:${backend.port}; } }`);
  const ask = (path: string) => request(`http://127.0.0.1:${port}${path}`);
  const bodies: string[] = [];
  for (const path of ["/block", "/block", "/address", "/address"]) {
    bodies.push((await ask(path)).body);
  }
  assert.deepEqual(bodies.slice(2), ["close", "close"]);
  assert.equal(ports[0], ports[1]);
  assert.notEqual(ports[2], ports[3]);
});
