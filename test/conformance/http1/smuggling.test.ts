/**
 * Request smuggling, over real sockets through a real gateway: each request of the table is refused and reaches nobody, or
 * reaches a strict peer once, in one reading. A request behind it shows that client, gateway and peer agree on where it ended.
 */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { freePort, GatewayFixture } from "../../helpers/gateway-fixture.ts";
import { SMUGGLING_CASES, type Forwarded, type SmugglingCase } from "./smuggling-cases.ts";
import { StrictBackend } from "./strict-backend.ts";

const SENTINEL = "GET /sentinel HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const SENTINEL_SEEN: Forwarded = { method: "GET", target: "/sentinel", body: "" };

const backend = new StrictBackend();
const fixture = new GatewayFixture();
let port = 0;

before(async () => {
  const peer = await backend.start();
  port = await freePort();
  await fixture.start(`
    server {
      listen 127.0.0.1:${port};
      server_name gateway;
      proxy_set_header Host $host;
      location / { proxy_pass http://127.0.0.1:${peer}; }
      location /rewritten/ { proxy_pass http://127.0.0.1:${peer}/; }
      location /moved/ { return 302 $uri; }
      location /told/ {
        add_header X-Uri $uri always;
        return 200 told;
      }
      location /named/ {
        proxy_set_header Host $host;
        proxy_set_header X-Uri $uri;
        proxy_pass http://127.0.0.1:${peer};
      }
    }`);
});

after(async () => {
  await fixture[Symbol.asyncDispose]();
  await backend[Symbol.asyncDispose]();
});

/** Sends the bytes in pieces of `pieceBytes` and reads until the gateway closes. */
function exchange(bytes: string, pieceBytes: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  let text = "";
  socket.setTimeout(5_000, () => socket.destroy(new Error(`no end after ${JSON.stringify(text)}`)));
  socket.on("data", (chunk) => (text += chunk.toString("latin1")));
  // A gateway that has refused may reset the connection while the rest is still being sent.
  socket.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "ECONNRESET" || error.code === "EPIPE") resolve(text);
    else reject(error);
  });
  socket.once("close", () => resolve(text));
  const sendFrom = (at: number): void => {
    if (at >= bytes.length || socket.destroyed) return;
    socket.write(bytes.slice(at, at + pieceBytes), "latin1", () =>
      setImmediate(sendFrom, at + pieceBytes),
    );
  };
  sendFrom(0);
  return promise;
}

function statusesOf(text: string): readonly number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
}

function seen(): readonly Forwarded[] {
  return backend.requests.map(({ method, target, body, fields }) => {
    return { method, target, body, host: fields.get("host") ?? "" };
  });
}

async function check({ bytes, outcome }: SmugglingCase, pieceBytes: number): Promise<void> {
  backend.clear();
  const text = await exchange(bytes + SENTINEL, pieceBytes);
  assert.deepEqual(backend.offences, []);
  assert.equal(backend.leftOver, "");
  if (outcome.kind === "refused") {
    assert.deepEqual(statusesOf(text), [outcome.status]);
    assert.deepEqual(seen(), [], "nothing reaches the peer");
    return;
  }
  const wanted = outcome.closes ? outcome.requests : [...outcome.requests, SENTINEL_SEEN];
  assert.deepEqual(
    seen(),
    wanted.map((request) => ({ host: "a", ...request })),
  );
  assert.deepEqual(
    statusesOf(text),
    wanted.map(() => 200),
  );
}

for (const row of SMUGGLING_CASES) {
  const { attack, name, outcome } = row;
  const what =
    outcome.kind === "refused"
      ? `is refused with ${outcome.status}`
      : "is forwarded in one reading";
  test(`${attack}: ${name} ${what}`, async () => {
    await check(row, Infinity);
    await check(row, 7);
  });
}

test("line ends that were encoded in the target stay encoded where the target is rewritten", async () => {
  backend.clear();
  const line = "GET /rewritten/%0d%0aInjected:%20yes HTTP/1.1\r\nHost: a\r\n\r\n";
  const text = await exchange(line + SENTINEL, Infinity);
  assert.deepEqual(backend.offences, []);
  assert.deepEqual(statusesOf(text), [200, 200]);
  assert.equal(backend.requests[0]?.target.toLowerCase(), "/%0d%0ainjected:%20yes");
  assert.equal(backend.requests[0]?.fields.has("injected"), false);
});

test("line ends that a variable holds never become line ends of a header", async () => {
  backend.clear();
  const text = await exchange(
    `GET /named/%0d%0aInjected:%20yes HTTP/1.1\r\nHost: a\r\n\r\n${SENTINEL}`,
    Infinity,
  );
  assert.deepEqual(backend.offences, []);
  for (const { fields } of backend.requests) assert.equal(fields.has("injected"), false);
  assert.ok(statusesOf(text).length > 0);
});

test("line ends that a variable holds never become line ends of a response", async () => {
  for (const path of ["moved", "told"]) {
    const line = `GET /${path}/%0d%0aInjected:%20yes HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
    const text = await exchange(line, Infinity);
    assert.equal(statusesOf(text).length, 1);
    assert.doesNotMatch(text, /^Injected:/m, path);
  }
});
