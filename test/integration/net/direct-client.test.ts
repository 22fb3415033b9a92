/** What becomes of requests whose peer closes, dies, is slow, answers early or does not say who it is. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { after, test } from "node:test";
import { ByteQueue } from "../../../src/net/byte-queue.ts";
import { collectBytes } from "../../../src/net/byte-stream.ts";
import { HttpClient, type HttpClientOptions } from "../../../src/net/http-client.ts";
import { portOf } from "../../../src/net/listen.ts";
import {
  HttpFailure,
  type IncomingResponse,
  type OutgoingRequest,
} from "../../../src/net/outgoing-request.ts";
import { FakeClock } from "../../helpers/fake-clock.ts";
import { makeAuthority, makeLeaf } from "../../../src/net/tls/local-certificates.ts";

const closing: (() => unknown)[] = [];
after(async () => {
  for (const close of closing) await close();
});

/** A peer that says what it does with the text of each read; it counts its connections. */
class Peer {
  readonly sockets: Socket[] = [];
  readonly received: string[] = [];
  readonly server: Server;

  constructor(server: Server, onRead: (socket: Socket, text: string, connection: number) => void) {
    this.server = server;
    server.on("connection", (socket: Socket) => this.sockets.push(socket));
    const event = "setSecureContext" in server ? "secureConnection" : "connection";
    let count = 0;
    server.on(event, (socket: Socket) => {
      const number = ++count;
      socket.on("error", () => {});
      socket.on("data", (chunk: Buffer) => {
        const text = chunk.toString("latin1");
        this.received.push(text);
        onRead(socket, text, number);
      });
    });
  }

  get openCount(): number {
    return this.sockets.filter((socket) => !socket.destroyed).length;
  }
}

async function listening(server: Server, onRead: ConstructorParameters<typeof Peer>[1]) {
  const peer = new Peer(server, onRead);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    for (const socket of peer.sockets) socket.destroy();
    server.close();
  });
  return { peer, port: portOf(server), url: `http://127.0.0.1:${portOf(server)}/` };
}

function plain(onRead: ConstructorParameters<typeof Peer>[1]) {
  return listening(createServer(), onRead);
}

function clientOf(options: HttpClientOptions = {}): HttpClient {
  const client = new HttpClient({ headersTimeoutMs: 5_000, ...options });
  closing.push(() => client.close());
  return client;
}

const asked = (url: string, method = "GET"): OutgoingRequest => {
  return { method, url, headers: [], body: method === "POST" ? Buffer.from("hello") : undefined };
};
const answer = (text: string, fields = ""): string =>
  `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${text.length}\r\n\r\n${text}`;
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function textOf(response: Promise<IncomingResponse>): Promise<string> {
  return (await collectBytes((await response).body, 1_000_000)).toString("latin1");
}

async function failure(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof HttpFailure ? error.kind : String(error);
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let round = 0; round < 500 && !isTrue(); round++) await later(10);
  assert.ok(isTrue());
}

/** Answers the first request of a connection, and closes it when the second one comes. */
const closesOnSecond = () => {
  const seen = new Map<number, number>();
  return plain((socket, _text, connection) => {
    const count = (seen.get(connection) ?? 0) + 1;
    seen.set(connection, count);
    if (count === 1) socket.write(answer(`by ${connection}`));
    else socket.destroy();
  });
};

test("a GET whose kept connection closes as it is sent goes out once more on a new one", async () => {
  const { peer, url } = await closesOnSecond();
  const client = clientOf();
  assert.equal(await textOf(client.send(asked(url))), "by 1");
  assert.equal(await textOf(client.send(asked(url))), "by 2");
  assert.equal(peer.received.length, 3);
});

test("a POST whose kept connection closes as it is sent fails and is sent once", async () => {
  const { peer, url } = await closesOnSecond();
  const client = clientOf();
  await textOf(client.send(asked(url)));
  assert.equal(await failure(client.send(asked(url, "POST"))), "closed");
  await later(50);
  assert.equal(peer.received.filter((text) => text.startsWith("POST")).length, 1);
});

test("a GET that a new connection does not answer is not repeated, nor one that was answered in part", async () => {
  const silent = await plain((socket) => socket.destroy());
  assert.equal(await failure(clientOf().send(asked(silent.url))), "closed");
  assert.equal(silent.peer.received.length, 1);
  let count = 0;
  const partly = await plain((socket) => {
    if (++count === 1) socket.write(answer("whole"));
    else socket.end("HTTP/1.1 200 OK\r\nX-");
  });
  const client = clientOf();
  await textOf(client.send(asked(partly.url)));
  assert.equal(await failure(client.send(asked(partly.url))), "closed");
  assert.equal(count, 2);
});

test("a connection that the peer has closed while idle is not used again, for a POST either", async () => {
  const { peer, url } = await plain((socket, _text, connection) => {
    socket.write(answer(`by ${connection}`));
    if (connection === 1) setTimeout(() => socket.end(), 10);
  });
  const client = clientOf();
  await textOf(client.send(asked(url)));
  await until(() => peer.openCount === 0);
  assert.equal(await textOf(client.send(asked(url, "POST"))), "by 2");
});

test("a peer that tells how long it keeps connections is taken at its word, with a margin", async () => {
  const { url } = await plain((socket, _text, connection) =>
    socket.write(answer(`by ${connection}`, "Keep-Alive: timeout=2\r\n")),
  );
  const client = clientOf();
  assert.equal(await textOf(client.send(asked(url))), "by 1");
  assert.equal(await textOf(client.send(asked(url))), "by 2");
});

test("an answer before the request is whole arrives, and its connection serves nothing else", async () => {
  const { peer, url } = await plain((socket, text, connection) => {
    if (text.includes("HTTP/1.1\r\n")) socket.write(answer(`early ${connection}`));
  });
  let discarded = false;
  const body = new ByteQueue({
    pause() {},
    resume() {},
    cancel: () => {
      discarded = true;
    },
  });
  body.push(Buffer.from("the first of many"));
  const client = clientOf();
  assert.equal(await textOf(client.send({ ...asked(url, "POST"), body })), "early 1");
  assert.ok(discarded, "the source is told that nobody wants the rest");
  await until(() => peer.openCount === 0);
  assert.equal(await textOf(client.send(asked(url))), "early 2");
});

test("what nobody wants of a response is read where it is short and quick, else its connection ends", async () => {
  const clock = new FakeClock();
  const { peer, url } = await plain((socket, text) => {
    const length = text.includes("/large") ? 100_000 : 20;
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\npart`);
    if (text.includes("/quick")) setTimeout(() => socket.write("and the rest...."), 20);
  });
  // Each waits until the one before it is over.
  const client = clientOf({ clock, connectionsMax: 1 });
  for (const name of ["quick", "quick", "large"]) {
    (await client.send(asked(`${url}${name}`))).body.discard();
  }
  await until(() => peer.openCount === 0);
  assert.equal(peer.sockets.length, 1, "one connection for all");
  (await client.send(asked(`${url}slow`))).body.discard();
  clock.advance(4_900);
  await later(30);
  assert.equal(peer.openCount, 1);
  clock.advance(300);
  await until(() => peer.openCount === 0);
});

test("a connection five minutes old serves no other request, so that a name is asked for anew", async () => {
  const clock = new FakeClock();
  const { url } = await plain((socket, _text, connection) => {
    socket.write(answer(`by ${connection}`));
  });
  const client = clientOf({ clock, keepAliveMs: 600_000 });
  for (const [minutes, by] of [
    [0, "by 1"],
    [4, "by 1"],
    // The one that makes it too old is served still.
    [2, "by 1"],
    [0, "by 2"],
  ] as const) {
    clock.advance(minutes * 60_000);
    assert.equal(await textOf(client.send(asked(url))), by);
  }
});

test("a request that would be sent again while the client closes says that it was closed", async () => {
  let client = clientOf();
  const { url } = await plain((socket, text) => {
    if (text.includes("/second")) void client.close();
    else socket.write(answer("first"));
  });
  client = clientOf();
  await textOf(client.send(asked(url)));
  assert.equal(await failure(client.send(asked(`${url}second`))), "closed");
});

test("interim responses are passed over", async () => {
  const { url } = await plain((socket) => {
    socket.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    setTimeout(() => socket.write(`HTTP/1.1 102 Processing\r\n\r\n${answer("at last")}`), 10);
  });
  assert.equal(await textOf(clientOf().send(asked(url))), "at last");
});

test("a peer that dies in the middle of a body, of known length or in chunks, is a fault for the reader", async () => {
  for (const head of ["Content-Length: 100", "Transfer-Encoding: chunked"]) {
    const start = head.startsWith("C") ? "part" : "4\r\npart\r\n";
    const { url } = await plain((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${start}`, () => socket.destroy());
    });
    const response = await clientOf().send(asked(url));
    await assert.rejects(collectBytes(response.body, 100));
  }
});

test("a head that trickles, a body that stalls and a handshake that nobody answers end in time", async () => {
  const trickling = await plain((socket) => {
    socket.write("HTTP/1.1 200 OK\r\n");
    const timer = setInterval(() => socket.write("X-More: 1\r\n"), 20);
    socket.once("close", () => clearInterval(timer));
  });
  const client = clientOf({ connectTimeoutMs: 150, bodyTimeoutMs: 150 });
  assert.equal(await failure(client.send({ ...asked(trickling.url), timeoutMs: 200 })), "timeout");
  const stalling = await plain((socket) =>
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart"),
  );
  const response = await client.send(asked(stalling.url));
  await assert.rejects(collectBytes(response.body, 100), /did not go on in time/);
  const mute = await plain(() => {});
  const secure = mute.url.replace("http:", "https:");
  assert.equal(await failure(client.send(asked(secure))), "connect-timeout");
});

test("requests wait for a connection first come first served, not for ever, and only so many", async () => {
  const waiting: Socket[] = [];
  const { peer, url } = await plain((socket) => void waiting.push(socket));
  const client = clientOf({ connectionsMax: 1, queueMax: 2 });
  const path = (name: string) => asked(`${url}${name}`);
  const first = textOf(client.send(path("first")));
  const second = textOf(client.send(path("second")));
  const impatient = failure(client.send({ ...path("impatient"), timeoutMs: 50 }));
  assert.equal(await failure(client.send(path("fourth"))), "refused");
  assert.equal(await impatient, "timeout");
  waiting[0]?.write(answer("one"));
  assert.equal(await first, "one");
  await until(() => waiting.length === 2);
  waiting[1]?.write(answer("two"));
  assert.equal(await second, "two");
  assert.deepEqual(
    peer.received.map((text) => text.split(" ")[1]),
    ["/first", "/second"],
  );
  assert.equal(peer.sockets.length, 1);
});

test("those that wait get connections of their own when the busy ones die", async () => {
  const { url } = await plain((socket, _text, connection) => {
    if (connection === 1) setTimeout(() => socket.destroy(), 20);
    else socket.write(answer(`by ${connection}`));
  });
  const client = clientOf({ connectionsMax: 1 });
  const lost = failure(client.send(asked(url, "POST")));
  const served = textOf(client.send(asked(url, "POST")));
  assert.equal(await lost, "closed");
  assert.equal(await served, "by 2");
});

test("a peer that takes nothing holds the source of a request back", async () => {
  const { peer, url } = await plain(() => {});
  peer.server.prependListener("connection", (socket: Socket) => socket.pause());
  const held = { back: false };
  const body = new ByteQueue({
    pause: () => {
      held.back = true;
    },
    resume: () => {
      held.back = false;
    },
    cancel() {},
  });
  const sending = failure(clientOf().send({ ...asked(url, "POST"), body }));
  await until(() => peer.sockets.length === 1);
  let idleRounds = 0;
  for (let round = 0; round < 500 && idleRounds < 20; round++) {
    idleRounds = held.back ? idleRounds + 1 : 0;
    if (!held.back) body.push(Buffer.alloc(256 * 1024));
    await later(2);
  }
  assert.equal(idleRounds, 20);
  for (const socket of peer.sockets) socket.destroy();
  assert.equal(await sending, "closed");
});

test("a stream that is shorter or longer than its Content-Length never reaches the peer as a whole request", async () => {
  for (const text of ["short", "much longer than it said"]) {
    const { peer, url } = await plain((socket, seen) => {
      if (seen.includes("\r\n\r\n") && seen.endsWith("0123456789")) socket.write(answer("whole"));
    });
    const body = new ByteQueue({ pause() {}, resume() {}, cancel() {} });
    const headers = [["Content-Length", "10"]] as const;
    const sending = failure(clientOf().send({ ...asked(url, "POST"), headers, body }));
    await later(20);
    body.push(Buffer.from(text));
    body.end();
    assert.equal(await sending, "closed");
    await until(() => peer.openCount === 0);
    const sent = peer.received.join("").split("\r\n\r\n")[1] ?? "";
    assert.ok(sent.length < 10, `the peer has received ${JSON.stringify(sent)}`);
  }
});

test("HTTP/1.0 is in the request line, with a length and a connection that ends", async () => {
  const { peer, url } = await plain((socket, _text, number) =>
    socket.write(answer(`by ${number}`)),
  );
  const client = clientOf();
  const request = { ...asked(url, "POST"), httpVersion: "1.0" } as const;
  assert.equal(await textOf(client.send(request)), "by 1");
  assert.equal(await textOf(client.send({ ...asked(url), closes: true })), "by 2");
  assert.equal(await textOf(client.send(asked(url))), "by 3");
  const [text = ""] = peer.received;
  assert.match(text, /^POST \/ HTTP\/1\.0\r\n/);
  assert.match(text, /\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello$/);
  const body = new ByteQueue({ pause() {}, resume() {}, cancel() {} });
  assert.equal(await failure(client.send({ ...request, body })), "protocol");
});

test("what would begin a line of its own is not sent", async () => {
  const { peer, url } = await plain((socket) => socket.write(answer("!")));
  const client = clientOf();
  for (const field of [
    ["X", "a\r\nB: c"],
    ["X\r\nY", "a"],
    ["X", "€"],
  ] as const) {
    assert.equal(await failure(client.send({ ...asked(url), headers: [field] })), "protocol");
  }
  assert.equal(peer.received.length, 0);
});

test("certificates are checked: by the public authorities, the node's, or those of the server's profile", async () => {
  const mine = await makeAuthority("mine");
  const other = await makeAuthority("other");
  const { certificate, key } = await makeLeaf(["localhost"], mine);
  const server = createTlsServer({ cert: certificate, key });
  const { port } = await listening(server, (socket) => socket.write(answer("secret")));
  const tls = (authorities: string, profile?: string, checksHostNames = true) => {
    const profiles = profile === undefined ? [] : [[`localhost:${port}`, profile] as const];
    return {
      authorities,
      checksHostNames,
      profiles: new Map(profiles.map(([name, pem]) => [name, { authorities: pem }])),
    };
  };
  const ask = (options: HttpClientOptions, host = "localhost") => {
    const sending = clientOf(options).send(asked(`https://${host}:${port}/`));
    return textOf(sending).catch((error: unknown) => (error instanceof HttpFailure ? "no" : error));
  };
  assert.equal(await ask({}), "no");
  assert.equal(await ask({ tls: tls(mine.certificate) }), "secret");
  assert.equal(await ask({ tls: tls(other.certificate) }), "no");
  assert.equal(await ask({ tls: tls(other.certificate, mine.certificate) }), "secret");
  assert.equal(await ask({ tls: tls(mine.certificate, other.certificate) }), "no");
  assert.equal(await ask({ tls: tls(mine.certificate) }, "127.0.0.1"), "no");
  assert.equal(await ask({ tls: tls(mine.certificate, undefined, false) }, "127.0.0.1"), "secret");
});

test("large bodies go through TLS both ways unchanged", async () => {
  const authority = await makeAuthority("mine");
  const { certificate, key } = await makeLeaf(["localhost"], authority);
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
  let got: Buffer = Buffer.alloc(0);
  const server = createTlsServer({ cert: certificate, key });
  const { port } = await listening(server, (socket, text) => {
    got = Buffer.concat([got, Buffer.from(text, "latin1")]);
    const start = got.indexOf("\r\n\r\n") + 4;
    if (got.length - start < bytes.length) return;
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n\r\n`);
    socket.write(got.subarray(start));
    got = Buffer.alloc(0);
  });
  const profiles = new Map<string, never>();
  const tls = { authorities: authority.certificate, checksHostNames: true, profiles };
  const client = clientOf({ tls });
  for (let round = 0; round < 3; round++) {
    const body = new ByteQueue({ pause() {}, resume() {}, cancel() {} });
    const headers = [["Content-Length", String(bytes.length)]] as const;
    const sending = client.send({ ...asked(`https://localhost:${port}/`, "POST"), headers, body });
    for (let at = 0; at < bytes.length; at += 50_000) {
      await later(1);
      // As sources do that hand on what a socket has read: overwritten after the call.
      const piece = Buffer.from(bytes.subarray(at, at + 50_000));
      body.offer(piece);
      piece.fill(0xff);
    }
    body.end();
    const back = await collectBytes((await sending).body, 1_000_000);
    assert.ok(back.equals(bytes));
  }
});

test("a thousand connections are closed when they have been idle, and by close", async () => {
  const { peer, url } = await plain((socket) => setTimeout(() => socket.write(answer("ok")), 300));
  const client = clientOf({ keepAliveMs: 200, connectionsMax: 1_000 });
  const all = await Promise.all(
    Array.from({ length: 1_200 }, () => textOf(client.send(asked(url)))),
  );
  assert.ok(all.every((text) => text === "ok"));
  assert.equal(peer.sockets.length, 1_000);
  await until(() => peer.openCount === 0);
  const going = failure(client.send(asked(url)));
  await until(() => peer.openCount === 1);
  await client.close();
  assert.equal(await going, "closed");
  await until(() => peer.openCount === 0);
  assert.equal(await failure(client.send(asked(url))), "protocol");
});
