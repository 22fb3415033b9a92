/** What a server accepts: read into the buffer of the process, as plain "data", or as a stream, it is the same connection. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { test } from "node:test";
import { listen, portOf } from "../../../src/net/listen.ts";
import type { AcceptedConnection } from "../../../src/net/http1/accepted-connection.ts";
import { SocketReads } from "../../../src/net/http1/shared-reads.ts";

const WAYS = [
  ["shared", await SocketReads.probe()],
  ["plain", SocketReads.plain()],
] as const;

/** A server, a client, and the connection between them, of which nothing was read. */
async function accepted(reads: SocketReads) {
  const server = createServer({ noDelay: true, allowHalfOpen: true, pauseOnConnect: true });
  await listen(server, 0, "127.0.0.1");
  const { promise, resolve } = Promise.withResolvers<AcceptedConnection>();
  reads.accept(server, resolve);
  const client = connect({ port: portOf(server), host: "127.0.0.1", allowHalfOpen: true });
  return { server, client, connection: await promise };
}

function close(server: Server, ...sockets: readonly Socket[]): void {
  for (const socket of sockets) socket.destroy();
  server.close();
}

for (const [way, reads] of WAYS) {
  test(`${way}: an accepted connection knows its addresses before it is read`, async () => {
    const { server, client, connection } = await accepted(reads);
    await (client.connecting ? once(client, "connect") : undefined);
    assert.equal(connection.remoteAddress, "127.0.0.1");
    assert.equal(connection.remotePort, client.localPort);
    assert.equal(connection.localAddress, "127.0.0.1");
    assert.equal(connection.localPort, portOf(server));
    connection.destroy();
    close(server, client);
  });

  test(`${way}: a client that ends its half still gets what is written after that`, async () => {
    const { server, client, connection } = await accepted(reads);
    const received: string[] = [];
    const socket = connection.open((chunk) => received.push(chunk.toString("latin1")));
    client.end("ask");
    client.setEncoding("latin1");
    await once(socket, "end");
    assert.equal(received.join(""), "ask");
    socket.end("answer");
    assert.deepEqual(await once(client, "data"), ["answer"]);
    close(server, client, socket);
  });

  test(`${way}: a connection that is asked for as a stream loses nothing that came before`, async () => {
    const { server, client, connection } = await accepted(reads);
    client.write("early");
    const socket = connection.asStream();
    await once(socket, "readable");
    socket.unshift(Buffer.from("still "));
    const received: string[] = [];
    socket.on("data", (chunk: Buffer) => received.push(chunk.toString("latin1")));
    client.end(" and late");
    await once(socket, "end");
    assert.equal(received.join(""), "still early and late");
    close(server, client, socket);
  });

  test(`${way}: a connection that nobody takes is closed`, async () => {
    const { server, client, connection } = await accepted(reads);
    connection.destroy();
    client.on("error", () => {}).resume();
    await once(client, "end");
    close(server, client);
  });
}

test("shared: a server that stops is closed while connections that it accepted go on", async () => {
  const [[, reads]] = WAYS;
  const { server, client, connection } = await accepted(reads);
  const socket = connection.open((chunk) => socket.write(Buffer.from(chunk)));
  server.close();
  await once(server, "close");
  client.write("?");
  const [chunk]: readonly unknown[] = await once(client, "data");
  assert.equal(String(chunk), "?");
  close(server, client, socket);
});
