/** Upstreams over real sockets: spread, retries, failures, what the peers and the logs see. */
import assert from "node:assert/strict";
import http from "node:http";
import { test } from "node:test";
import { freePort, GatewayFixture, startBackend, until } from "../../helpers/gateway-fixture.ts";
import { request } from "../../helpers/http-request.ts";

const HEADERS = `
  proxy_set_header X-Forwarded-Host $host;
  proxy_set_header X-Forwarded-Server $host;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header Host $http_host;`;

test("spreads requests over the peers by weight", async () => {
  await using first = await startBackend("first");
  await using second = await startBackend("second");
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`
    upstream u { server 127.0.0.1:${first.port} weight=2; server 127.0.0.1:${second.port}; }
    server { listen 127.0.0.1:${port}; location / { proxy_pass http://u; } }`);
  const names: string[] = [];
  for (let count = 0; count < 6; count++) {
    names.push((await request(`http://127.0.0.1:${port}/`)).body);
  }
  assert.deepEqual(names, ["first", "second", "first", "first", "second", "first"]);
});

test("passes on method, target, body and the configured header fields", async () => {
  await using echo = await startBackend("echo", {
    handler(incoming, response) {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.once("end", () => {
        const { method, url, headers } = incoming;
        response.setHeader("Set-Cookie", ["a=1", "b=2"]);
        response.end(
          JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString() }),
        );
      });
    },
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`
    server { listen 127.0.0.1:${port}; server_name esb.test;
      location / { ${HEADERS} proxy_pass http://127.0.0.1:${echo.port}; } }`);
  const answer = await request(`http://127.0.0.1:${port}/services/P%20x?wsdl&a=%2F`, {
    method: "DELETE",
    headers: {
      Host: `esb.test:${port}`,
      "X-Forwarded-For": "10.1.1.1",
      Connection: "X-Hop",
      "X-Hop": "1",
      X_Forwarded_Host: "forged",
      "X-Own": "kept",
    },
    body: "hello",
  });
  const seen = JSON.parse(answer.body);
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.headers["set-cookie"], ["a=1", "b=2"]);
  assert.match(String(answer.headers["server"]), /^nginx\//);
  assert.equal(seen.method, "DELETE");
  assert.equal(seen.url, "/services/P%20x?wsdl&a=%2F");
  assert.equal(seen.body, "hello");
  assert.equal(seen.headers.host, `esb.test:${port}`);
  assert.equal(seen.headers["x-forwarded-host"], "esb.test");
  assert.equal(seen.headers["x-forwarded-for"], "10.1.1.1, 127.0.0.1");
  assert.equal(seen.headers["x-own"], "kept");
  assert.equal(seen.headers["x-hop"], undefined);
  assert.equal(seen.headers.x_forwarded_host, undefined);
});

test("goes on to the next peer, with the body, when a peer cannot be reached", async () => {
  await using live = await startBackend("live", {
    handler: (incoming, response) => void incoming.pipe(response),
  });
  await using fixture = new GatewayFixture();
  const [port, dead] = [await freePort(), await freePort()];
  await fixture.start(`
    upstream u { server 127.0.0.1:${dead}; server 127.0.0.1:${live.port}; }
    server { listen 127.0.0.1:${port}; client_max_body_size 10m; location / { proxy_pass http://u; } }`);
  const small = await request(`http://127.0.0.1:${port}/`, { body: "order" });
  assert.deepEqual([small.status, small.body], [200, "order"]);
  const log = fixture.read("error.log");
  assert.match(
    log,
    /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[error\] \d+#0: \*1 connect\(\) failed \(111: Connection refused\) while connecting to upstream, client: 127\.0\.0\.1, server: , request: "POST \/ HTTP\/1\.1", upstream: "http:\/\/127\.0\.0\.1:\d+\/", host: "127\.0\.0\.1:\d+"$/m,
  );
  assert.match(log, /\[warn\] .*upstream server temporarily disabled/);
  assert.equal((await request(`http://127.0.0.1:${port}/`, { body: "again" })).body, "again");
  assert.equal(fixture.read("error.log").match(/connect\(\) failed/g)?.length, 1);
});

test("sends a body beyond the read-ahead to the next peer while nothing of it was lost", async () => {
  await using live = await startBackend("live", {
    handler(incoming, response) {
      let bytes = 0;
      incoming.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      incoming.once("end", () => response.end(String(bytes)));
    },
  });
  await using fixture = new GatewayFixture();
  const [port, dead] = [await freePort(), await freePort()];
  await fixture.start(`
    upstream u { server 127.0.0.1:${dead}; server 127.0.0.1:${live.port}; }
    server { listen 127.0.0.1:${port}; client_max_body_size 10m; location / { proxy_pass http://u; } }`);
  const body = "x".repeat(3 * 1024 * 1024);
  const answer = await request(`http://127.0.0.1:${port}/`, { body });
  assert.deepEqual([answer.status, answer.body], [200, String(body.length)]);
});

test("answers 502 when no peer can be reached, and 504 when one is silent", async () => {
  await using silent = await startBackend("silent", { handler: () => {} });
  await using fixture = new GatewayFixture();
  const [port, dead] = [await freePort(), await freePort()];
  await fixture.start(`
    server { listen 127.0.0.1:${port};
      location /dead { proxy_pass http://127.0.0.1:${dead}; }
      location /silent { proxy_read_timeout 100ms; proxy_pass http://127.0.0.1:${silent.port}; } }`);
  const refused = await request(`http://127.0.0.1:${port}/dead`);
  assert.equal(refused.status, 502);
  assert.match(refused.body, /<center><h1>502 Bad Gateway<\/h1><\/center>\r\n<hr><center>nginx/);
  assert.equal((await request(`http://127.0.0.1:${port}/silent`)).status, 504);
  assert.match(
    fixture.read("error.log"),
    /upstream timed out \(110: Connection timed out\) while reading response header from upstream/,
  );
});

test("never sends a POST twice once it was sent, but does so with a GET", async () => {
  await using broken = await startBackend("broken", {
    handler: (incoming) => void incoming.socket.destroy(),
  });
  await using live = await startBackend("live");
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`
    upstream u { server 127.0.0.1:${broken.port} max_fails=0; server 127.0.0.1:${live.port} max_fails=0; }
    server { listen 127.0.0.1:${port}; location / { proxy_pass http://u; } }`);
  const post = await request(`http://127.0.0.1:${port}/`, { body: "pay" });
  assert.equal(post.status, 502);
  assert.deepEqual([broken.seen, live.seen], [["POST /"], []]);
  assert.equal((await request(`http://127.0.0.1:${port}/`)).body, "live");
  assert.equal((await request(`http://127.0.0.1:${port}/`)).body, "live");
  assert.deepEqual(live.seen, ["GET /", "GET /"]);
});

test("asks the next peer when proxy_next_upstream lists the status", async () => {
  await using failing = await startBackend("failing", {
    handler: (_, response) => void response.writeHead(503).end("no"),
  });
  await using live = await startBackend("live");
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`
    log_format tries '$upstream_addr $upstream_status';
    upstream u { server 127.0.0.1:${failing.port}; server 127.0.0.1:${live.port}; }
    server { listen 127.0.0.1:${port}; proxy_next_upstream error http_503;
      access_log tries.log tries; location / { proxy_pass http://u; } }`);
  assert.equal((await request(`http://127.0.0.1:${port}/`)).body, "live");
  assert.deepEqual(failing.seen, ["GET /"]);
  assert.equal(
    fixture.read("tries.log"),
    `127.0.0.1:${failing.port}, 127.0.0.1:${live.port} 503, 200\n`,
  );
});

test("refuses bodies beyond client_max_body_size with 413", async () => {
  await using backend = await startBackend("backend");
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`
    server { listen 127.0.0.1:${port}; client_max_body_size 10; location / { proxy_pass http://127.0.0.1:${backend.port}; } }`);
  const answer = await request(`http://127.0.0.1:${port}/`, { body: "x".repeat(11) });
  assert.equal(answer.status, 413);
  assert.deepEqual(backend.seen, []);
  assert.match(fixture.read("error.log"), /client intended to send too large body: 11 bytes/);
});

test("streams the response while the peer still writes it", async () => {
  const written = Promise.withResolvers<http.ServerResponse>();
  await using backend = await startBackend("slow", {
    handler(_, response) {
      response.write("first ");
      written.resolve(response);
    },
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(
    `server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${backend.port}; } }`,
  );
  const got: string[] = [];
  const done = Promise.withResolvers<void>();
  http.get({ port, host: "127.0.0.1", agent: false }, (response) => {
    response.on("data", (chunk: Buffer) => got.push(chunk.toString()));
    response.once("end", () => done.resolve());
  });
  const response = await written.promise;
  await until(() => got.join("") === "first ", "the first part");
  response.end("second");
  await done.promise;
  assert.equal(got.join(""), "first second");
});

test("ends the try when the client goes, logs 499 and blames no peer", async () => {
  const closed = Promise.withResolvers<void>();
  await using backend = await startBackend("slow", {
    handler: (incoming) => void incoming.socket.once("close", () => closed.resolve()),
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(
    `server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${backend.port}; } }`,
  );
  const client = http.get({ port, host: "127.0.0.1", agent: false });
  client.on("error", () => {});
  await until(() => backend.seen.length === 1, "the request at the backend");
  client.destroy();
  await closed.promise;
  await until(() => fixture.read("access.log") !== "", "the log line");
  assert.match(fixture.read("access.log"), /"GET \/ HTTP\/1\.1" 499 0 "-" "-"\n$/);
  assert.doesNotMatch(fixture.read("error.log"), /\[error\]/);
});

test("closes the client's connection when the peer breaks off in the middle of a response", async () => {
  await using backend = await startBackend("broken", {
    handler(incoming, response) {
      response.writeHead(200, { "Content-Length": "100" });
      response.write("part", () => incoming.socket.destroy());
    },
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(
    `server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${backend.port}; } }`,
  );
  await assert.rejects(request(`http://127.0.0.1:${port}/`), /aborted|hang up/);
  await until(
    () =>
      fixture
        .read("error.log")
        .includes("upstream prematurely closed connection while reading upstream"),
    "the error line",
  );
});

test("writes access lines in the combined format and error files of a server of its own", async () => {
  await using backend = await startBackend("hello");
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`
    server { listen 127.0.0.1:${port}; error_log own-error.log; access_log own-access.log;
      location / { proxy_pass http://127.0.0.1:${backend.port}; }
      location /quiet { access_log off; return 200 "quiet"; } }`);
  await request(`http://127.0.0.1:${port}/a?b=1`, { headers: { "User-Agent": 'te"st' } });
  await request(`http://127.0.0.1:${port}/quiet`);
  assert.match(
    fixture.read("own-access.log"),
    /^127\.0\.0\.1 - - \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "GET \/a\?b=1 HTTP\/1\.1" 200 5 "-" "te\\x22st"\n$/,
  );
  assert.equal(fixture.read("own-error.log"), "");
  assert.equal(fixture.read("access.log"), "");
});

test("replaces the matched path by the URI of proxy_pass, and Location the other way round", async () => {
  await using backend = await startBackend("moved", {
    handler(incoming, response) {
      const location = `http://127.0.0.1:${backend.port}/inner/next`;
      response.writeHead(302, { Location: location, Refresh: `0; url=${location}` });
      response.end(incoming.url);
    },
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(
    `server { listen 127.0.0.1:${port}; location /outer/ { proxy_pass http://127.0.0.1:${backend.port}/inner/; } }`,
  );
  const answer = await request(`http://127.0.0.1:${port}/outer//a%20b/../c%3Fd?x=1`);
  assert.deepEqual(
    [answer.body, answer.headers.location, answer.headers["refresh"]],
    ["/inner/c%3Fd?x=1", `http://127.0.0.1:${port}/outer/next`, "0; url=/outer/next"],
  );
  const redirect = await request(`http://127.0.0.1:${port}/outer?x=1`);
  assert.deepEqual(
    [redirect.status, redirect.headers.location],
    [301, `http://127.0.0.1:${port}/outer/?x=1`],
  );
});
