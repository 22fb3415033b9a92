/** Interim responses of peers: 103 where `early_hints` asks for it, nothing of the others, and not without bound. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { freePort, GatewayFixture, startBackend } from "../../helpers/gateway-fixture.ts";

const HINTS =
  "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nX-Accel-Expires: 1\r\nConnection: x\r\n\r\n";

/** All that comes for the request until the connection ends. */
async function rawAnswer(port: number, head: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(port, "127.0.0.1", () =>
    socket.write(`${head}\r\nHost: a\r\nConnection: close\r\n\r\n`),
  );
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  socket.on("error", reject).on("close", () => resolve(text));
  return promise;
}

test("passes 103 on where a condition holds, without hidden fields, and never to HTTP/1.0", async () => {
  await using backend = await startBackend("", {
    handler: (_, response) => {
      response.socket?.write(`HTTP/1.1 102 Processing\r\n\r\n${HINTS}${HINTS}`);
      response.end("done");
    },
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`server { listen 127.0.0.1:${port};
    location /off { proxy_pass http://127.0.0.1:${backend.port}; }
    location / { early_hints $arg_one $arg_two; proxy_pass http://127.0.0.1:${backend.port}; } }`);
  const passed = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n";
  const yes = await rawAnswer(port, "GET /?two=yes HTTP/1.1");
  assert.ok(yes.startsWith(`${passed}${passed}HTTP/1.1 200 OK\r\n`), yes);
  assert.ok(yes.includes("done"));
  for (const line of ["GET /off HTTP/1.1", "GET /?one=0 HTTP/1.1", "GET /?one=1 HTTP/1.0"]) {
    assert.ok((await rawAnswer(port, line)).startsWith("HTTP/1.1 200 OK\r\n"), line);
  }
});

test("gives a peer up that sends interim responses without end", async () => {
  await using backend = await startBackend("", {
    handler: (_, response) => void response.socket?.write(HINTS.repeat(200)),
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`server { listen 127.0.0.1:${port};
    location / { proxy_pass http://127.0.0.1:${backend.port}; } }`);
  assert.match(await rawAnswer(port, "GET / HTTP/1.1"), /^HTTP\/1\.1 502 /);
  assert.match(fixture.read("error.log"), /upstream sent too big early hints/);
});

test("fields behind the body of a request do not reach the peer", async () => {
  await using backend = await startBackend("", {
    handler: (incoming, response) => {
      incoming.resume().once("end", () => {
        response.end(JSON.stringify([incoming.trailers, incoming.headers.trailer ?? ""]));
      });
    },
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`server { listen 127.0.0.1:${port};
    location /streamed { proxy_request_buffering off; proxy_pass http://127.0.0.1:${backend.port}; }
    location / { proxy_pass http://127.0.0.1:${backend.port}; } }`);
  for (const path of ["/", "/streamed"]) {
    const { promise, resolve } = Promise.withResolvers<string>();
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket
      .on("data", (chunk: Buffer) => (text += chunk.toString("latin1")))
      .on("close", () => resolve(text));
    const fields = "Host: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n";
    socket.write(`POST ${path} HTTP/1.1\r\n${fields}\r\n3\r\nabc\r\n0\r\nX-Late: evil\r\n\r\n`);
    const answer = await promise;
    assert.match(answer, /^HTTP\/1\.1 200 /);
    assert.match(answer, /\[\{\},""\]/);
  }
});
