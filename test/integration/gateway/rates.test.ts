/** limit_rate and proxy_limit_rate: how long a response takes, through running gateways. */
import assert from "node:assert/strict";
import http from "node:http";
import { test } from "node:test";
import { freePort, GatewayFixture, startBackend } from "../../helpers/gateway-fixture.ts";
import { request, type TestResponse } from "../../helpers/http-request.ts";

const BODY = "0123456789".repeat(3_000);

/** The answer and how long it took, in milliseconds. */
async function timed(url: string): Promise<TestResponse & { readonly tookMs: number }> {
  const startedMs = performance.now();
  const answer = await request(url);
  return { ...answer, tookMs: performance.now() - startedMs };
}

test("limits what a client gets to the rate of the directive, of a variable, or of the peer", async () => {
  await using backend = await startBackend("peer", {
    handler: (incoming, response) => {
      const rate = /rate=(\d+)/.exec(incoming.url ?? "")?.[1];
      if (rate !== undefined) response.setHeader("X-Accel-Limit-Rate", rate);
      response.end(BODY);
    },
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  fixture.write("file", BODY);
  const pass = `proxy_pass http://127.0.0.1:${backend.port};`;
  await fixture.start(`server { listen 127.0.0.1:${port}; root ${fixture.folder};
    location /file { limit_rate 20k; }
    location /set { set $limit_rate 20k; ${pass} add_header X-Rate $limit_rate; }
    location /late { limit_rate 20k; limit_rate_after 30k; ${pass} }
    location /empty { limit_rate $arg_none; ${pass} }
    location /peer { limit_rate 1; ${pass} }
    location /stubborn { proxy_ignore_headers X-Accel-Limit-Rate; ${pass} }
    location /unbuffered { proxy_buffering off; limit_rate 20k; ${pass} }
    location /slow-peer { proxy_limit_rate 20k; ${pass} } }`);
  const url = `http://127.0.0.1:${port}`;
  const slow = ["/file", "/set", "/peer?rate=20000", "/unbuffered", "/slow-peer"];
  const fast = ["/late", "/empty", "/peer?rate=0", "/stubborn?rate=1"];
  const answers = await Promise.all([...slow, ...fast].map((path) => timed(url + path)));
  for (const [at, { body, tookMs }] of answers.entries()) {
    const path = [...slow, ...fast][at];
    assert.equal(body, BODY, path);
    // The first second's 20 KB come at once, the other 10 KB in half a second.
    if (at < slow.length) assert.ok(tookMs > 380 && tookMs < 4_000, `${path} took ${tookMs} ms`);
    else assert.ok(tookMs < 380, `${path} took ${tookMs} ms`);
  }
  assert.equal(answers[1]?.headers["x-rate"], "20480");
});

test("a client that goes in the middle of a limited response ends it", async () => {
  await using backend = await startBackend("peer", {
    handler: (_, response) => void response.end(BODY),
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`server { listen 127.0.0.1:${port};
    location / { limit_rate 1k; proxy_pass http://127.0.0.1:${backend.port}; } }`);
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  http.get({ port, host: "127.0.0.1", agent: false }, resolve).once("error", reject);
  const response = await promise;
  response.destroy();
  const again = await request(`http://127.0.0.1:${port}/`, { method: "HEAD" });
  assert.equal(again.status, 200);
  const log = fixture.read("error.log");
  assert.doesNotMatch(log, /crit|alert/);
});
