/** What proxy_* directives do to requests, responses and connections, over real sockets. */
import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { test } from "node:test";
import { freePort, GatewayFixture, startBackend } from "../../helpers/gateway-fixture.ts";
import { request } from "../../helpers/http-request.ts";

/** Answers with what it got. */
function echo(incoming: IncomingMessage, response: ServerResponse): void {
  let body = "";
  incoming.setEncoding("latin1").on("data", (chunk: string) => (body += chunk));
  incoming.once("end", () => {
    const { method, url, headers } = incoming;
    response.end(JSON.stringify({ method, url, headers, body }));
  });
}

test("sends the method and the body that the configuration says, and leaves out what it forbids", async () => {
  await using backend = await startBackend("echo", { handler: echo });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  const pass = `proxy_pass http://127.0.0.1:${backend.port};`;
  await fixture.start(`server { listen 127.0.0.1:${port};
    location /method { ${pass} proxy_method $arg_m; }
    location /set { ${pass} proxy_set_body "<$arg_m>"; }
    location /headers { ${pass} proxy_pass_request_headers off; }
    location /body { ${pass} proxy_pass_request_body off; } }`);
  const ask = async (path: string) => {
    const headers = { "X-Own": "1" };
    const answer = await request(`http://127.0.0.1:${port}${path}`, { headers, body: "order" });
    return JSON.parse(answer.body);
  };
  assert.equal((await ask("/method?m=PUT")).method, "PUT");
  assert.equal((await ask("/method")).method, "POST");
  const set = await ask("/set?m=xy");
  assert.deepEqual([set.body, set.headers["content-length"]], ["<xy>", "4"]);
  const bare = await ask("/headers");
  assert.deepEqual([bare.body, bare.headers["x-own"]], ["order", undefined]);
  const empty = await ask("/body");
  assert.deepEqual([empty.body, empty.headers["x-own"]], ["", "1"]);
});

const COOKIES: readonly (readonly [given: string, expected: string])[] = [
  ["a=1; Domain=www.Example.org; Path=/old/x", "a=1; Domain=example.com; Path=/new/x"],
  ["a=1; Domain=.www.example.org", "a=1; Domain=.example.com"],
  ["a=1; Domain=my.test.com", "a=1; Domain=my.test.org"],
  ["a=1;Domain=other; Path=/x", "a=1;Domain=other; Path=/x"],
  ["a=1; Path=/Re/7", "a=1; Path=/7"],
  ["flagged=1; SameSite=None; HttpOnly", "flagged=1; secure; samesite=lax"],
];

test("rewrites the domain, the path and the flags of cookies", async () => {
  await using backend = await startBackend("cookies", {
    handler: (_, response) =>
      void response.writeHead(200, { "Set-Cookie": COOKIES.map(([given]) => given) }).end(),
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`server { listen 127.0.0.1:${port}; location / {
    proxy_pass http://127.0.0.1:${backend.port};
    proxy_cookie_domain www.example.org .example.com;
    proxy_cookie_domain ~^(.+)\\.com$ $1.org;
    proxy_cookie_path /old/ /new/;
    proxy_cookie_path ~*^/re/(.+)$ /$1;
    proxy_cookie_flags flagged secure nohttponly samesite=lax; } }`);
  const answer = await request(`http://127.0.0.1:${port}/`);
  assert.deepEqual(
    answer.headers["set-cookie"],
    COOKIES.map(([, expected]) => expected),
  );
});

test("rewrites redirects by prefixes with variables and by regular expressions, or not at all", async () => {
  await using backend = await startBackend("redirects", {
    handler(incoming, response) {
      const location = `http://10.0.0.1${incoming.url}`;
      response.writeHead(302, { Location: location, Refresh: `3; url=${location}` }).end();
    },
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  const pass = `proxy_pass http://127.0.0.1:${backend.port};`;
  await fixture.start(`server { listen 127.0.0.1:${port}; server_name esb.test;
    proxy_redirect http://10.0.0.1/$server_name/ /a/;
    proxy_redirect ~*^http://10.0.0.1/(RE)/(.*)$ https://$1.test/$2;
    location / { ${pass} } location /off/ { ${pass} proxy_redirect off; } }`);
  const ask = async (path: string) => {
    const headers = { Host: "esb.test" };
    const answer = await request(`http://127.0.0.1:${port}${path}`, { headers });
    return [answer.headers.location, answer.headers["refresh"]];
  };
  assert.deepEqual(await ask("/esb.test/x"), [`http://esb.test:${port}/a/x`, "3; url=/a/x"]);
  assert.deepEqual(await ask("/re/x"), ["https://re.test/x", "3; url=https://re.test/x"]);
  const same = "http://10.0.0.1/off/x";
  assert.deepEqual(await ask("/off/x"), [same, `3; url=${same}`]);
});

test("follows X-Accel-Redirect inside unless it is ignored, and keeps the cookie", async () => {
  await using backend = await startBackend("accel", {
    handler(incoming, response) {
      if (incoming.url === "/inner") response.end(`inner ${incoming.method}`);
      else
        response.writeHead(200, { "X-Accel-Redirect": "/inner", "Set-Cookie": "a=1" }).end("outer");
    },
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  const pass = `proxy_pass http://127.0.0.1:${backend.port};`;
  await fixture.start(`server { listen 127.0.0.1:${port}; add_header X-Peers "$upstream_addr";
    location / { ${pass} }
    location /ignored { ${pass} proxy_ignore_headers X-Accel-Redirect; } }`);
  const answer = await request(`http://127.0.0.1:${port}/`, { body: "x" });
  assert.equal(answer.body, "inner GET");
  assert.deepEqual(answer.headers["set-cookie"], ["a=1"]);
  const address = `127.0.0.1:${backend.port}`;
  assert.equal(answer.headers["x-peers"], `${address} : ${address}`);
  assert.equal((await request(`http://127.0.0.1:${port}/ignored`)).body, "outer");
});

test("keeps as many connections to peers, and each for as many requests, as the upstream says", async () => {
  const ports = new Set<number>();
  await using backend = await startBackend("kept", {
    handler(incoming, response) {
      ports.add(incoming.socket.remotePort ?? 0);
      response.end("ok");
    },
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`upstream u { server 127.0.0.1:${backend.port}; keepalive 1; keepalive_requests 3; }
    server { listen 127.0.0.1:${port}; location / { proxy_pass http://u; } }`);
  for (let count = 0; count < 7; count++) await request(`http://127.0.0.1:${port}/`);
  assert.equal(ports.size, 3);
});

const HEADS: readonly (readonly [what: string, head: string, status: number])[] = [
  ["bare LF line ends", "HTTP/1.1 200 OK\nConnection: close\n\nok", 200],
  [
    "two different ends of the body",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    502,
  ],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok", 502],
  ["an unknown coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok", 502],
];

for (const [what, head, status] of HEADS) {
  test(`answers ${status} when a peer sends ${what}`, async () => {
    const peer = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end(head));
    });
    const { promise: listening, resolve } = Promise.withResolvers<void>();
    peer.listen(0, "127.0.0.1", resolve);
    await listening;
    const { port: peerPort } = peer.address() as AddressInfo;
    await using fixture = new GatewayFixture();
    const port = await freePort();
    await fixture.start(
      `server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${peerPort}; } }`,
    );
    assert.equal((await request(`http://127.0.0.1:${port}/`)).status, status);
    peer.close();
  });
}

test("binds a client to its server by cookie and by route, whatever the balancer", async () => {
  await using first = await startBackend("first");
  await using second = await startBackend("second");
  await using fixture = new GatewayFixture();
  const port = await freePort();
  const servers = (suffix: readonly [string, string]) =>
    [first, second].map((it, at) => `server 127.0.0.1:${it.port} ${suffix[at]};`).join(" ");
  await fixture.start(`
    upstream cookie { least_conn; ${servers(["", ""])}
      sticky cookie srv expires=1h domain=.test httponly secure samesite=lax path=/p; }
    upstream route { ${servers(["route=a", "route=b drain"])} sticky route $cookie_r $arg_r; }
    server { listen 127.0.0.1:${port}; location / { proxy_pass http://$arg_u; } }`);
  const url = `http://127.0.0.1:${port}/?u=`;
  const answer = await request(`${url}cookie`);
  const cookie = answer.headers["set-cookie"]?.[0] ?? "";
  assert.match(
    cookie,
    /^srv=[0-9a-f]{32}; expires=\w{3}, \d\d-\w{3}-\d\d \d\d:\d\d:\d\d GMT; max-age=3600; domain=\.test; httponly; secure; samesite=lax; path=\/p$/,
  );
  const headers = { Cookie: cookie.split(";")[0] ?? "" };
  for (let count = 0; count < 3; count++) {
    const again = await request(`${url}cookie`, { headers });
    assert.equal(again.body, answer.body);
    assert.equal(again.headers["set-cookie"]?.length, 1);
  }
  const bodies: string[] = [];
  for (const query of ["route&r=b", "route&r=b", "route", "route&r=unknown", "route&r=a"]) {
    bodies.push((await request(url + query)).body);
  }
  assert.deepEqual(bodies, ["second", "second", "first", "first", "first"]);
});
