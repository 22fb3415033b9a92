/** WebSockets through the gateway: much data against slow readers, both ways, plain and TLS, and ends of one half. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { makeAuthority, makeLeaf } from "../../../src/net/tls/local-certificates.ts";
import { freePort, GatewayFixture, until } from "../../helpers/gateway-fixture.ts";

const REQUEST =
  "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n";
const ANSWER =
  "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const authority = await makeAuthority("test");
const leaf = await makeLeaf(["localhost"], authority);

interface Pair {
  readonly client: Socket;
  readonly peer: Socket;
}

/** A tunnel through a gateway of its own. */
async function withTunnel(isSecure: boolean, use: (pair: Pair) => Promise<void>): Promise<void> {
  await using fixture = new GatewayFixture();
  const { promise, resolve } = Promise.withResolvers<Socket>();
  const answer = (socket: Socket): void => {
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.pause();
      socket.write(ANSWER);
      resolve(socket);
    });
  };
  const options = { allowHalfOpen: true };
  const server = isSecure
    ? createTlsServer({ ...options, cert: leaf.certificate, key: leaf.key }, answer)
    : createServer(options, answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port: backend } = server.address() as AddressInfo;
  const port = await freePort();
  const tls = isSecure ? "ssl_certificate a.crt; ssl_certificate_key a.key;" : "";
  fixture.write("a.crt", leaf.certificate);
  fixture.write("a.key", leaf.key);
  await fixture.start(`server { listen 127.0.0.1:${port}${isSecure ? " ssl" : ""}; ${tls}
    location / { proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
      proxy_pass http${isSecure ? "s" : ""}://127.0.0.1:${backend}; } }`);
  const place = { port, host: "127.0.0.1", allowHalfOpen: true };
  const client = isSecure ? connectTls({ ...place, rejectUnauthorized: false }) : connect(place);
  client.on("error", () => {});
  client.write(REQUEST);
  const peer = await promise;
  try {
    let text = "";
    while (!text.endsWith("\r\n\r\n")) {
      const [chunk] = (await once(client, "data")) as [Buffer];
      text += chunk.toString("latin1");
    }
    client.pause();
    assert.equal(text.slice(0, 12), "HTTP/1.1 101");
    await use({ client, peer });
  } finally {
    client.destroy();
    peer.destroy();
    server.close();
  }
}

const PIECE = Buffer.alloc(256 * 1024, "x");

/** Sends so many pieces at the pace of the other side, and ends. */
function send(socket: Socket, pieces: number): void {
  let left = pieces;
  const more = (): void => {
    while (left > 0) {
      left--;
      if (!socket.write(PIECE)) return void socket.once("drain", more);
    }
    socket.end();
  };
  more();
}

/** Counts what comes until the end; a reader with pauses. */
async function receive(socket: Socket): Promise<number> {
  let count = 0;
  let pauses = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    count += chunk.length;
    if (count > (pauses + 1) * 3_000_000) {
      pauses++;
      await delay(5);
    }
  }
  return count;
}

for (const isSecure of [false, true]) {
  const how = isSecure ? "with TLS on both sides" : "in the clear";
  test(`a tunnel ${how} carries much at the pace of a slow reader, in bounded memory, up to the end`, async () => {
    for (const which of ["peer", "client"] as const) {
      await withTunnel(isSecure, async ({ client, peer }) => {
        const [from, to] = which === "peer" ? [peer, client] : [client, peer];
        const before = process.memoryUsage().arrayBuffers;
        const pieces = 120;
        send(from, pieces);
        await delay(250);
        // Nobody reads: the pieces wait at their source.
        const grown = process.memoryUsage().arrayBuffers - before;
        assert.ok(from.writableLength > 0, "the source has to wait");
        assert.ok(grown < 20_000_000, `${grown} bytes`);
        assert.equal(await receive(to), pieces * PIECE.length, `from the ${which}`);
      });
    }
  });
}

for (const isSecure of [false, true]) {
  test(`a peer that ends its half ${isSecure ? "with" : "without"} TLS still hears the client`, async () => {
    await withTunnel(isSecure, async ({ client, peer }) => {
      let ended = false;
      client.on("end", () => (ended = true)).resume();
      peer.end("bye");
      await until(() => ended, "the end of the peer's half");
      if (isSecure) return;
      let heard = "";
      peer.on("data", (chunk: Buffer) => (heard += chunk.toString("latin1"))).resume();
      client.end("still here");
      await until(() => heard === "still here", "the client's last words");
    });
  });
}

test("a client that ends its half still hears the peer", async () => {
  await withTunnel(false, async ({ client, peer }) => {
    let heard = "";
    let ended = false;
    client.on("data", (chunk: Buffer) => (heard += chunk.toString("latin1"))).resume();
    peer.on("end", () => (ended = true)).resume();
    client.end("bye");
    await until(() => ended, "the end of the client's half");
    peer.end("later");
    await until(() => heard === "later", "the peer's last words");
  });
});

test("a side that breaks ends the other", async () => {
  for (const which of ["client", "peer"] as const) {
    await withTunnel(false, async (pair) => {
      const other = which === "client" ? pair.peer : pair.client;
      let closed = false;
      other.on("end", () => (closed = true)).on("close", () => (closed = true));
      other.resume();
      pair[which].resetAndDestroy();
      await until(() => closed, `the end after the ${which} broke`);
    });
  }
});
