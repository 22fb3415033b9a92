import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createNetServer, type Socket } from "node:net";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { collectBytes } from "../../../src/net/byte-stream.ts";
import { HttpClient } from "../../../src/net/http-client.ts";
import { HttpFailure, type OutgoingRequest } from "../../../src/net/outgoing-request.ts";
import { portOf } from "../../../src/net/listen.ts";
import { streamOf } from "../../../src/net/readable-bytes.ts";

const closing: (() => unknown)[] = [];
after(async () => {
  for (const close of closing) await close();
});

async function serving(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  return addressOf(server);
}

async function addressOf(server: Server | ReturnType<typeof createNetServer>): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    if ("closeAllConnections" in server) server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${portOf(server)}`;
}

function clientOf(options: ConstructorParameters<typeof HttpClient>[0] = {}): HttpClient {
  const client = new HttpClient(options);
  closing.push(() => client.close());
  return client;
}

function get(url: string): OutgoingRequest {
  return { method: "GET", url, headers: [], body: undefined };
}

function post(url: string, body: OutgoingRequest["body"]): OutgoingRequest {
  return { method: "POST", url, headers: [["Content-Type", "text/plain"]], body };
}

async function failure(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof HttpFailure) return error.kind;
    throw error;
  }
  return "none";
}

test("status, phrase, repeated fields and body of a response arrive as they were sent", async () => {
  const url = await serving((_request, response) => {
    response.writeHead(201, "Made", ["Set-Cookie", "a=1", "Set-Cookie", "b=2", "X-Odd", "café"]);
    response.end("body");
  });
  const response = await clientOf().send(get(url));
  assert.equal(response.status, 201);
  assert.equal(response.reason, "Made");
  const cookies = response.headers.filter(([name]) => name === "Set-Cookie");
  assert.deepEqual(
    cookies.map(([, value]) => value),
    ["a=1", "b=2"],
  );
  assert.equal((await collectBytes(response.body, 100)).toString(), "body");
});

test("bytes go out with their length, a stream of unknown length in chunks", async () => {
  const url = await serving((request, response) => {
    const { "content-length": length, "transfer-encoding": coding } = request.headers;
    void text(request).then((body) => response.end(`${length ?? "-"} ${coding ?? "-"} ${body}`));
  });
  const client = clientOf();
  const ask = async (body: OutgoingRequest["body"]): Promise<string> => {
    const response = await client.send(post(url, body));
    return (await collectBytes(response.body, 100)).toString();
  };
  assert.equal(await ask(Buffer.from("whole")), "5 - whole");
  const pieces = new Readable({ read: () => undefined });
  pieces.push("in ");
  setTimeout(() => pieces.push("pieces") && pieces.push(null), 20);
  assert.equal(await ask(streamOf(pieces)), "- chunked in pieces");
});

test("a reader that takes nothing holds the server back", async () => {
  let sent = 0;
  const chunk = Buffer.alloc(64 * 1024);
  const url = await serving((_request, response) => {
    const more = (): void => {
      while (sent < 1_000) {
        sent++;
        if (!response.write(chunk)) return void response.once("drain", more);
      }
      response.end();
    };
    more();
  });
  const response = await clientOf().send(get(url));
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.ok(sent < 400, `the server had sent ${sent} of 1000 pieces to a reader that read nothing`);
  assert.equal((await collectBytes(response.body, Infinity)).length, 1_000 * chunk.length);
});

test("a body that is discarded closes the connection, and nothing is left", async () => {
  const closed = Promise.withResolvers<void>();
  const url = await serving((_request, response) => {
    response.on("close", () => closed.resolve());
    response.write("endless");
  });
  const response = await clientOf().send(get(url));
  response.body.discard();
  await closed.promise;
});

test("a response that breaks off is a fault for its reader", async () => {
  const url = await serving((_request, response) => {
    response.writeHead(200, { "Content-Length": "100" });
    response.write("first part", () => setTimeout(() => response.destroy(), 10));
  });
  const response = await clientOf().send(get(url));
  await assert.rejects(collectBytes(response.body, 100));
});

test("a request whose source breaks off ends at the server too", async () => {
  const aborted = Promise.withResolvers<void>();
  const url = await serving((request) => {
    request.on("error", () => aborted.resolve());
    request.resume();
  });
  const source = new Readable({ read: () => undefined });
  source.push("begin");
  const sending = failure(clientOf().send(post(url, streamOf(source))));
  setTimeout(() => source.destroy(new Error("the client has gone")), 30);
  assert.equal(await sending, "closed");
  await aborted.promise;
});

test("why there is no response is told by kind", async () => {
  const client = clientOf({ headersTimeoutMs: 200 });
  const silent = await serving(() => undefined);
  assert.equal(await failure(client.send(get(silent))), "timeout");
  assert.equal(await failure(client.send({ ...get(silent), timeoutMs: 50 })), "timeout");
  const answerGarbage = (socket: Socket): void => {
    socket.once("data", () => socket.end("no HTTP at all\r\n\r\n"));
  };
  const garbage = await addressOf(createNetServer(answerGarbage));
  assert.equal(await failure(client.send(get(garbage))), "protocol");
  const curt = await addressOf(createNetServer((socket: Socket) => socket.destroy()));
  assert.equal(await failure(client.send(get(curt))), "closed");
  assert.equal(await failure(client.send(get("http://127.0.0.1:1/"))), "refused");
  assert.equal(await failure(client.send(get("ftp://127.0.0.1/"))), "protocol");
  assert.equal(await failure(client.send({ ...get(silent), method: "G T" })), "protocol");
});

test("a proxy whose address cannot be one fails the calls that go by it, and nothing else", async () => {
  const url = await serving((_request, response) => response.end("direct"));
  const proxy = { host: "no host", port: 3128, directHosts: ["127.*"] };
  const client = clientOf({ proxy });
  assert.equal(await failure(client.send(get("http://backend.example/"))), "protocol");
  const { body } = await client.send(get(url));
  assert.equal((await collectBytes(body, 100)).toString(), "direct");
});

test("a proxy gets the absolute address, and hosts that are named directly are called directly", async () => {
  const seen: string[] = [];
  const proxyUrl = await serving((request, response) => {
    seen.push(request.url ?? "");
    response.end("by proxy");
  });
  const direct = await serving((_request, response) => response.end("direct"));
  const proxy = { host: "127.0.0.1", port: Number(new URL(proxyUrl).port), directHosts: ["127.*"] };
  const client = clientOf({ proxy });
  const ask = async (url: string): Promise<string> => {
    const response = await client.send(get(url));
    return (await collectBytes(response.body, 100)).toString();
  };
  assert.equal(await ask("http://backend.example/a?b=c"), "by proxy");
  assert.deepEqual(seen, ["http://backend.example/a?b=c"]);
  assert.equal(await ask(direct), "direct");
});

test("a user in an address becomes basic authentication and is in no error", async () => {
  const url = await serving((request, response) => {
    response.end(request.headers.authorization ?? "none");
  });
  const client = clientOf();
  const response = await client.send(get(url.replace("//", "//joe:p%40ss@")));
  const told = (await collectBytes(response.body, 100)).toString();
  assert.equal(told, `Basic ${Buffer.from("joe:p@ss").toString("base64")}`);
  await assert.rejects(client.send(get("http://joe:secret@127.0.0.1:1/")), (error: Error) => {
    return !error.message.includes("secret");
  });
});
