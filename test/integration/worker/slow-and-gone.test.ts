/** Messages that stream through a service port to an endpoint, where one of the two sides is slow or goes away. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { after, test } from "node:test";
import type { ServiceRequest, ServiceResponse } from "../../../src/mediation/engine.ts";
import { HttpClient, type HttpClientOptions } from "../../../src/net/http-client.ts";
import { portOf } from "../../../src/net/listen.ts";
import { ServiceListener } from "../../../src/worker/service-listener.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";

const closing: (() => unknown)[] = [];
after(async () => {
  for (const close of closing.toReversed()) await close();
});

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const LENGTH = 64 * 1024 * 1024;
/** What the system keeps on the way (two connections, both sides) is far below this. */
const UNDERWAY_BYTES_MAX = 24 * 1024 * 1024;
const PIECE = Buffer.alloc(64 * 1024, "x");

async function until(isTrue: () => boolean, what: string): Promise<void> {
  for (let round = 0; round < 800 && !isTrue(); round++) await later(10);
  assert.ok(isTrue(), what);
}

interface Place {
  readonly port: number;
  /** Of the endpoint, in the order in which they came. */
  readonly sockets: Socket[];
}

/** A service port whose messages go to an endpoint as they are, and back. */
async function passing(
  endpoint: (socket: Socket) => void,
  options: HttpClientOptions = {},
): Promise<Place> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    endpoint(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${portOf(server)}/`;
  const client = new HttpClient(options);
  const handle = async ({ method, headers, body }: ServiceRequest): Promise<ServiceResponse> => {
    const outgoing = headers.filter(([name]) => name !== "Host");
    try {
      return await client.send({ method, url, headers: outgoing, body });
    } catch {
      return { status: 500, headers: [], body: undefined };
    }
  };
  const tls = undefined;
  const listener = await ServiceListener.start({
    config: { scheme: "http", port: 0, bindAddress: "127.0.0.1", wsdlEprPrefix: undefined, tls },
    addressPrefixes: { http: "http://esb.example:8280" },
    currentEngine: () => ({ handle }),
    log: new MemoryLog(),
  });
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  closing.push(() => client.close());
  closing.push(() => listener.close());
  return { port: listener.port, sockets };
}

function clientOf(port: number, head: string): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  closing.push(() => socket.destroy());
  socket.write(`${head} / HTTP/1.1\r\nHost: h\r\n`);
  return socket;
}

/** Writes as fast as the other side takes it. @returns how much was written so far. */
function pour(socket: Socket, bytes: number): () => number {
  let poured = 0;
  const goOn = (): void => {
    while (poured < bytes && !socket.destroyed) {
      poured += PIECE.length;
      if (!socket.write(PIECE)) return void socket.once("drain", goOn);
    }
  };
  goOn();
  return () => poured;
}

/** Waits until nothing moves any more. */
async function standstill(count: () => number): Promise<number> {
  let last = -1;
  for (let still = 0; still < 15; still = count() === last ? still + 1 : 0) {
    last = count();
    await later(20);
  }
  return last;
}

test("a client that reads nothing holds the endpoint back, and gets all of it when it reads", async () => {
  let poured = (): number => 0;
  const { port } = await passing((socket) =>
    socket.once("data", () => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${LENGTH}\r\n\r\n`);
      poured = pour(socket, LENGTH);
    }),
  );
  const client = clientOf(port, "GET");
  client.pause();
  client.write("\r\n");
  await until(() => poured() > 0, "the answer begins");
  const held = await standstill(() => poured());
  assert.ok(held < UNDERWAY_BYTES_MAX, `${held} bytes were taken from the endpoint`);
  let received = 0;
  client.on("data", (chunk: Buffer) => {
    received += chunk.length;
  });
  client.resume();
  await until(() => received > LENGTH, `all of it: ${received}`);
});

test("an endpoint that reads nothing holds the client back, and gets all of it when it reads", async () => {
  let received = 0;
  const { port, sockets } = await passing((socket) => {
    socket.pause();
    socket.on("data", (chunk: Buffer) => {
      received += chunk.length;
      if (received > LENGTH) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    socket.pause();
  });
  const client = clientOf(port, "POST");
  client.write(`Content-Length: ${LENGTH}\r\n\r\n`);
  const poured = pour(client, LENGTH);
  await until(() => sockets.length === 1, "the endpoint is called");
  const held = await standstill(poured);
  assert.ok(held < UNDERWAY_BYTES_MAX, `${held} bytes were taken from the client`);
  let text = "";
  client.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  sockets[0]?.resume();
  await until(() => text.endsWith("ok"), `the answer: ${text}`);
});

test("a client that goes away, before the answer or in the middle, takes the call to the endpoint with it", async () => {
  const { port, sockets } = await passing(
    (socket) =>
      socket.once("data", (chunk: Buffer) => {
        if (!chunk.toString("latin1").startsWith("GET")) return;
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${LENGTH}\r\n\r\nthe start`);
      }),
    { headersTimeoutMs: 300 },
  );
  const gone = async (head: string, rest: string, what: string): Promise<void> => {
    const number = sockets.length;
    const client = clientOf(port, head);
    client.write(rest);
    await until(() => (sockets[number]?.bytesRead ?? 0) > 0, `${what}: the endpoint is called`);
    if (head === "GET") await once(client, "data");
    client.resetAndDestroy();
    await until(() => sockets[number]?.destroyed === true, `${what}: the call ends`);
  };
  await gone("POST", "Content-Length: 100\r\n\r\npart", "in the middle of the request");
  await gone("POST", "Content-Length: 4\r\n\r\npart", "while the endpoint says nothing");
  await gone("GET", "\r\n", "in the middle of the answer");
});
