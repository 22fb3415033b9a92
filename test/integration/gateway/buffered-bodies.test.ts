/** Bodies larger than the buffers, through a running gateway with temporary files: every byte arrives, in order. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { freePort, GatewayFixture, startBackend } from "../../helpers/gateway-fixture.ts";

const BYTES = 6_000_000;

function pattern(bytes: number): Buffer {
  const data = Buffer.allocUnsafe(bytes);
  for (let at = 0; at < bytes; at++) data[at] = (at * 7 + (at >> 8) * 13 + (at >> 16)) & 0xff;
  return data;
}

function digest(data: Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

/** Names of all files below `folder`. */
function filesBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);
}

/** Gets `path` and lets the gateway wait for the client again and again. */
async function getSlowly(port: number, path: string): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  http.get({ port, path, host: "127.0.0.1", agent: false }, resolve).once("error", reject);
  const response = await promise;
  await delay(150);
  const chunks: Buffer[] = [];
  let nextPause = BYTES / 4;
  let count = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    count += chunk.length;
    if (count < nextPause) continue;
    nextPause += BYTES / 4;
    await delay(50);
  }
  return Buffer.concat(chunks);
}

const LIMITS = {
  "in a file": "",
  "in a small file that is used again and again": "proxy_max_temp_file_size 512k;",
  "in memory only": "proxy_max_temp_file_size 0;",
  "not at all": "proxy_buffering off;",
} as const;

for (const [where, directives] of Object.entries(LIMITS)) {
  test(`a slow client gets a response whole that is buffered ${where}`, async () => {
    const data = pattern(BYTES);
    await using backend = await startBackend("large", {
      handler: (request, response) => {
        if (request.url === "/length") response.setHeader("Content-Length", BYTES);
        // In pieces of many sizes: chunks that end in the middle of what the gateway reads at once.
        let at = 0;
        const send = (): void => {
          while (at < BYTES) {
            const piece = data.subarray(at, at + 1 + ((at * 31) % 40_000));
            at += piece.length;
            if (!response.write(piece)) return void response.once("drain", send);
          }
          response.end();
        };
        send();
      },
    });
    await using fixture = new GatewayFixture();
    const port = await freePort();
    await fixture.start(`
      server {
        listen 127.0.0.1:${port} sndbuf=32k;
        proxy_temp_path ${join(fixture.folder, "proxy")};
        location / {
          proxy_http_version 1.1;
          proxy_buffers 8 8k;
          ${directives}
          proxy_pass http://127.0.0.1:${backend.port};
        }
      }`);
    for (const path of ["/length", "/chunked"]) {
      const received = await getSlowly(port, path);
      assert.equal(received.length, BYTES, path);
      assert.equal(digest(received), digest(data), path);
    }
    // The folder is made when the first file needs it, and no file stays in it.
    assert.equal(existsSync(join(fixture.folder, "proxy")), where.includes("file"));
    assert.deepEqual(filesBelow(join(fixture.folder, "proxy")), []);
  });
}

test("a request body larger than its buffer goes through a file to the next peer as well", async () => {
  const data = pattern(BYTES);
  const digests: string[] = [];
  const read =
    (status: number) => (request: http.IncomingMessage, response: http.ServerResponse) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.once("end", () => {
        digests.push(digest(Buffer.concat(chunks)));
        response.writeHead(status).end();
      });
    };
  await using failing = await startBackend("failing", { handler: read(503) });
  await using working = await startBackend("working", { handler: read(204) });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`
    upstream peers {
      server 127.0.0.1:${failing.port};
      server 127.0.0.1:${working.port} backup;
    }
    server {
      listen 127.0.0.1:${port};
      client_max_body_size 10m;
      client_body_temp_path ${join(fixture.folder, "body")};
      proxy_next_upstream http_503;
      location / { proxy_pass http://peers; }
    }`);
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const request = http.request({ port, host: "127.0.0.1", method: "PUT", agent: false }, resolve);
  request.once("error", reject);
  for (let at = 0; at < BYTES; at += 100_000) request.write(data.subarray(at, at + 100_000));
  request.end();
  const response = await promise;
  response.resume();
  assert.equal(response.statusCode, 204);
  assert.deepEqual(digests, [digest(data), digest(data)]);
  assert.ok(existsSync(join(fixture.folder, "body")), "a file was needed");
  assert.deepEqual(filesBelow(join(fixture.folder, "body")), []);
});
