/** $request_body and $request_body_file, with and without proxy_request_buffering, and after internal redirects. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { freePort, GatewayFixture, startBackend } from "../../helpers/gateway-fixture.ts";
import { request } from "../../helpers/http-request.ts";

test("names the file of a large body, and shows a small one", async () => {
  await using backend = await startBackend("peer");
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`server { listen 127.0.0.1:${port}; client_body_buffer_size 1k;
    location / { proxy_pass http://127.0.0.1:${backend.port};
      add_header X-Body $request_body; add_header X-File $request_body_file; } }`);
  const send = (body: string) => request(`http://127.0.0.1:${port}/`, { body });
  const small = await send("order");
  assert.deepEqual([small.headers["x-body"], small.headers["x-file"]], ["order", undefined]);
  const large = await send("x".repeat(2_000));
  assert.equal(large.headers["x-body"], undefined);
  assert.match(String(large.headers["x-file"]), /client_body_temp\/\d{10}$/);
});

test("a body that went to a peer as it came is known afterwards if it was small", async () => {
  await using failing = await startBackend("failing", {
    handler: (incoming, response) => {
      incoming.resume().once("end", () => response.writeHead(503).end());
    },
  });
  await using second = await startBackend("second", {
    handler: (incoming, response) => {
      let body = "";
      incoming.setEncoding("latin1").on("data", (chunk: string) => (body += chunk));
      incoming.once("end", () => response.end(`${incoming.method} ${body}`));
    },
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`server { listen 127.0.0.1:${port}; client_body_buffer_size 1k;
    proxy_request_buffering off; proxy_intercept_errors on;
    location / { proxy_pass http://127.0.0.1:${failing.port}; error_page 503 = @second; }
    location /page { proxy_pass http://127.0.0.1:${failing.port}; error_page 503 /second; }
    location /second { proxy_pass http://127.0.0.1:${second.port}; }
    location @second { proxy_pass http://127.0.0.1:${second.port}; add_header X-Body $request_body; } }`);
  const send = (path: string, body: string) => request(`http://127.0.0.1:${port}${path}`, { body });
  const small = await send("/", "order");
  assert.deepEqual([small.body, small.headers["x-body"]], ["POST order", "order"]);
  // What is gone cannot be sent to the second one, and nothing else is sent in its place.
  const large = await send("/", "x".repeat(2_000));
  assert.equal(large.status, 500);
  assert.match(fixture.read("error.log"), /was sent to another upstream and cannot be sent again/);
  // A page is fetched with GET, which needs none.
  const page = await send("/page", "x".repeat(2_000));
  assert.deepEqual([page.status, page.body], [503, "GET "]);
});
