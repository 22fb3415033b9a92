/** What a location adds to responses: header fields, fields in place of others, and trailers. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import http from "node:http";
import { test } from "node:test";
import { freePort, GatewayFixture, startBackend } from "../../helpers/gateway-fixture.ts";
import { request } from "../../helpers/http-request.ts";

/** The trailers of a response. */
async function trailersOf(url: string, method = "GET") {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  http.request(url, { method, agent: false }, resolve).once("error", reject).end();
  const response = await promise;
  const body = (await response.toArray()).join("");
  return { body, trailers: response.trailers, length: response.headers["content-length"] };
}

test("adds trailers behind files, proxied responses and error pages, and none where nothing can carry them", async () => {
  await using backend = await startBackend("from the peer");
  await using fixture = new GatewayFixture();
  fixture.write("page", "text");
  const port = await freePort();
  await fixture.start(`server { listen 127.0.0.1:${port}; root ${fixture.folder};
    add_trailer X-Uri $uri; add_trailer X-Again $sent_trailer_x_uri always; add_trailer X-Empty "";
    location /peer { proxy_pass http://127.0.0.1:${backend.port}; }
    location /whole { chunked_transfer_encoding off; return 200 whole; } }`);
  const url = `http://127.0.0.1:${port}`;
  assert.deepEqual(await trailersOf(`${url}/page`), {
    body: "text",
    trailers: { "x-uri": "/page", "x-again": "/page" },
    length: undefined,
  });
  const peer = await trailersOf(`${url}/peer`);
  assert.deepEqual([peer.body, peer.trailers["x-uri"]], ["from the peer", "/peer"]);
  assert.deepEqual(
    (await trailersOf(`${url}/missing`)).trailers,
    {},
    "the one that it repeats is not there",
  );
  assert.deepEqual(await trailersOf(`${url}/page`, "HEAD"), {
    body: "",
    trailers: {},
    length: "4",
  });
  assert.deepEqual(await trailersOf(`${url}/whole`), { body: "whole", trailers: {}, length: "5" });
});

test("ends a body of unknown length with the connection where chunked_transfer_encoding is off", async () => {
  await using backend = await startBackend("b", {
    handler: (_, response) => {
      response.write("one ");
      response.end("two");
    },
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`server { listen 127.0.0.1:${port}; chunked_transfer_encoding off;
    location / { proxy_pass http://127.0.0.1:${backend.port}; } }`);
  const answer = await request(`http://127.0.0.1:${port}/`);
  assert.equal(answer.body, "one two");
  assert.equal(answer.headers["transfer-encoding"], undefined);
  assert.equal(answer.headers.connection, "close");
});

test("an added Last-Modified or ETag takes the place of the file's own, an empty one removes it", async () => {
  await using fixture = new GatewayFixture();
  fixture.write("page", "text");
  const port = await freePort();
  await fixture.start(`server { listen 127.0.0.1:${port}; root ${fixture.folder};
    add_header Last-Modified ""; add_header ETag '"mine"'; add_header X-Seen $sent_http_etag; }`);
  const { headers } = await request(`http://127.0.0.1:${port}/page`);
  assert.equal(headers["last-modified"], undefined);
  assert.equal(headers.etag, '"mine"');
});

test("an escaped question mark of a redirect's argument is the question mark of its target", async () => {
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`server { listen 127.0.0.1:${port};
    location / { rewrite ^ $arg_to? redirect; } }`);
  const to = async (text: string) =>
    (await request(`http://127.0.0.1:${port}/?to=${text}`)).headers.location;
  assert.equal(await to("http%3A%2F%2Fa.test%2F%3Ffrom%3Db"), "http://a.test/?from%3Db");
  assert.equal(await to("http%3A%2F%2Fa.test%0D%0Asplit"), "http://a.test%0D%0Asplit");
});

test("tells where the body of a request is stored with client_body_in_file_only", async () => {
  await using backend = await startBackend("b");
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`server { listen 127.0.0.1:${port}; client_body_in_file_only on;
    location / { proxy_pass http://127.0.0.1:${backend.port}; add_header X-File $request_body_file; } }`);
  const { headers } = await request(`http://127.0.0.1:${port}/`, { body: "stored" });
  assert.equal(readFileSync(String(headers["x-file"]), "utf8"), "stored");
});
