/** Sticky sessions over TLS, certificates by SNI, and live members as servers. */
import assert from "node:assert/strict";
import http, { type IncomingHttpHeaders } from "node:http";
import { test } from "node:test";
import { connect, type PeerCertificate } from "node:tls";
import type { ServerDirectory } from "../../../src/gateway/upstream/server-directory.ts";
import { makeAuthority, makeLeaf } from "../../../src/net/tls/local-certificates.ts";
import {
  type Backend,
  freePort,
  GatewayFixture,
  startBackend,
  until,
} from "../../helpers/gateway-fixture.ts";
import { request } from "../../helpers/http-request.ts";

const authority = await makeAuthority("test authority");
const leaf = await makeLeaf(["esb.test", "localhost", "127.0.0.1"], authority);
const managerLeaf = await makeLeaf(["mgt.esb.test"], authority);

let sessionCount = 0;

/** A worker as WSO2's: gives a JSESSIONID to clients without one. */
function startWorker(name: string, port?: number): Promise<Backend> {
  return startBackend(name, {
    tls: leaf,
    ...(port === undefined ? {} : { port }),
    handler(incoming, response) {
      const isNew = !incoming.headers.cookie?.includes("JSESSIONID=");
      if (isNew)
        response.setHeader("Set-Cookie", `JSESSIONID=S${++sessionCount}; Path=/; HttpOnly`);
      response.end(name);
    },
  });
}

/** The seed's three files in one, with addresses and paths filled in. */
function configOf(port: number, workers: readonly string[], manager: number): string {
  return `
upstream ssl.wso2.esb.com {
    ${workers.join("\n    ")}

            sticky learn create=$upstream_cookie_jsessionid
            lookup=$cookie_jsessionid
            zone=client_sessions:1m;
}

server {
listen 127.0.0.1:${port};
    server_name esb.test;
    ssl on;
    ssl_certificate wrk.crt;
    ssl_certificate_key wrk.key;
    location / {
               proxy_set_header Host $http_host;
               proxy_read_timeout 5m;
        proxy_pass https://ssl.wso2.esb.com;
        }
}
server {
    listen 127.0.0.1:${port};
    server_name mgt.esb.test;
    ssl on;
    ssl_certificate mgt.crt;
    ssl_certificate_key mgt.key;
    location / {
        proxy_pass https://127.0.0.1:${manager}/;
        }
}`;
}

function fixtureWithCertificates(): GatewayFixture {
  const fixture = new GatewayFixture();
  fixture.write("wrk.crt", leaf.certificate);
  fixture.write("wrk.key", leaf.key);
  fixture.write("mgt.crt", managerLeaf.certificate);
  fixture.write("mgt.key", managerLeaf.key);
  return fixture;
}

function cookieOf(headers: IncomingHttpHeaders): string {
  return headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
}

test("keeps a client on its worker by JSESSIONID, and moves it for good when the worker dies", async () => {
  const first = await startWorker("first");
  await using second = await startWorker("second");
  await using fixture = fixtureWithCertificates();
  const port = await freePort();
  const servers = [first, second].map((worker) => `server 127.0.0.1:${worker.port};`);
  await fixture.start(configOf(port, servers, second.port));
  const url = `https://127.0.0.1:${port}/services/P`;
  const answer = await request(url);
  assert.equal(answer.body, "first");
  const cookie = { Cookie: cookieOf(answer.headers) };
  assert.match(cookie.Cookie, /^JSESSIONID=S\d+$/);
  for (let count = 0; count < 5; count++) {
    assert.equal((await request(url, { headers: cookie })).body, "first");
  }
  await first[Symbol.asyncDispose]();
  const moved = await request(url, { headers: cookie });
  assert.deepEqual([moved.status, moved.body], [200, "second"]);
  await using revived = await startWorker("first", first.port);
  for (let count = 0; count < 3; count++) {
    assert.equal((await request(url, { headers: cookie })).body, "second");
  }
  assert.deepEqual(revived.seen, []);
});

test("spreads new sessions over the workers", async () => {
  await using first = await startWorker("first");
  await using second = await startWorker("second");
  await using fixture = fixtureWithCertificates();
  const port = await freePort();
  const servers = [first, second].map((worker) => `server 127.0.0.1:${worker.port};`);
  await fixture.start(configOf(port, servers, second.port));
  const names: string[] = [];
  for (let count = 0; count < 4; count++) {
    names.push((await request(`https://127.0.0.1:${port}/`)).body);
  }
  assert.deepEqual(names, ["first", "second", "first", "second"]);
});

test("keeps sessions over a reload", async () => {
  await using first = await startWorker("first");
  await using second = await startWorker("second");
  await using fixture = fixtureWithCertificates();
  const port = await freePort();
  const servers = [first, second].map((worker) => `server 127.0.0.1:${worker.port};`);
  await fixture.start(configOf(port, servers, second.port));
  const url = `https://127.0.0.1:${port}/`;
  const cookie = { Cookie: cookieOf((await request(url)).headers) };
  await fixture.reload(configOf(port, servers.toReversed(), second.port));
  for (let count = 0; count < 3; count++) {
    assert.equal((await request(url, { headers: cookie })).body, "first");
  }
});

test("chooses certificate and server by the name that the client asks for", async () => {
  await using worker = await startWorker("worker");
  await using manager = await startBackend("manager", { tls: managerLeaf });
  await using fixture = fixtureWithCertificates();
  const port = await freePort();
  await fixture.start(configOf(port, [`server 127.0.0.1:${worker.port};`], manager.port));
  assert.equal((await certificateOf(port, "mgt.esb.test")).subject.CN, "mgt.esb.test");
  assert.equal((await certificateOf(port, "esb.test")).subject.CN, "esb.test");
  assert.equal((await certificateOf(port, undefined)).subject.CN, "esb.test");
  const ca = authority.certificate;
  assert.equal((await request(`https://mgt.esb.test:${port}/`, { ca })).body, "manager");
  assert.equal((await request(`https://esb.test:${port}/`, { ca })).body, "worker");
});

test("checks the peer's certificate when proxy_ssl_verify is on", async () => {
  await using worker = await startWorker("worker");
  await using fixture = fixtureWithCertificates();
  fixture.write("ca.crt", authority.certificate);
  const port = await freePort();
  await fixture.start(`
    proxy_ssl_verify on; proxy_ssl_trusted_certificate ca.crt; proxy_ssl_name $arg_name;
    server { listen 127.0.0.1:${port}; location / { proxy_pass https://127.0.0.1:${worker.port}; } }`);
  assert.equal((await request(`http://127.0.0.1:${port}/?name=esb.test`)).body, "worker");
  assert.equal((await request(`http://127.0.0.1:${port}/?name=other.test`)).status, 502);
  assert.match(
    fixture.read("error.log"),
    /SSL_do_handshake\(\) failed \(.*other\.test.*\) while SSL handshaking/,
  );
});

test("takes live members as servers: joining none, draining only for their sessions", async () => {
  await using first = await startWorker("first");
  await using second = await startWorker("second");
  await using fixture = fixtureWithCertificates();
  const port = await freePort();
  const states = ["active", "joining"];
  const changed: (() => void)[] = [];
  const directory: ServerDirectory = {
    members: () =>
      [first, second].map((worker, at) => ({
        subDomain: "worker",
        host: "127.0.0.1",
        ports: { https: worker.port },
        state: states[at] ?? "",
      })),
    onChange(handler) {
      changed.push(handler);
      return () => {};
    },
  };
  const config = configOf(port, ["cluster_servers worker https;"], second.port);
  const loaded = await fixture.start(config, { directory });
  assert.equal(loaded.config.listeners.length, 1);
  const url = `https://127.0.0.1:${port}/`;
  const bound = await request(url);
  const cookie = { Cookie: cookieOf(bound.headers) };
  assert.equal((await request(url)).body, "first");
  states.splice(0, 2, "draining", "active");
  for (const handler of changed) handler();
  assert.deepEqual(
    [
      (await request(url)).body,
      (await request(url)).body,
      (await request(url, { headers: cookie })).body,
    ],
    ["second", "second", "first"],
  );
  states[0] = "leaving";
  for (const handler of changed) handler();
  assert.equal((await request(url, { headers: cookie })).body, "second");
});

function certificateOf(port: number, servername: string | undefined): Promise<PeerCertificate> {
  const { promise, resolve, reject } = Promise.withResolvers<PeerCertificate>();
  const options = servername === undefined ? {} : { servername };
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options }, () => {
    resolve(socket.getPeerCertificate());
    socket.destroy();
  });
  socket.once("error", reject);
  return promise;
}

test("learns the session of a response that the client did not read to its end", async () => {
  const backends = await Promise.all(
    ["one", "two"].map((name) =>
      startBackend(name, {
        handler(incoming, response) {
          if (incoming.url !== "/long") response.end(name);
          else response.writeHead(200, { "Set-Cookie": "JSESSIONID=abc" }).write(name);
        },
      }),
    ),
  );
  await using fixture = new GatewayFixture();
  const port = await freePort();
  const servers = backends.map((backend) => `server 127.0.0.1:${backend.port};`).join(" ");
  await fixture.start(`upstream u { ${servers}
      sticky learn create=$upstream_cookie_jsessionid lookup=$cookie_jsessionid zone=z:1m; }
    server { listen 127.0.0.1:${port}; location / { proxy_pass http://u; } }`);
  const url = `http://127.0.0.1:${port}/`;
  const { promise: first, resolve } = Promise.withResolvers<string>();
  const download = http.get(`${url}long`, (response) => {
    response.on("error", () => {});
    response.once("data", (chunk: Buffer) => resolve(chunk.toString()));
  });
  download.on("error", () => {});
  const worker = await first;
  download.destroy();
  await until(() => fixture.read("access.log").includes("/long"), "the end of the download");
  const headers = { Cookie: "JSESSIONID=abc" };
  for (let count = 0; count < 4; count++) {
    assert.equal((await request(url, { headers })).body, worker);
  }
  for (const backend of backends) await backend[Symbol.asyncDispose]();
});
