/** What peers do to the gateway: odd ends, odd lengths, early answers, lost connections; and what clients see of it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { freePort, GatewayFixture, until } from "../../helpers/gateway-fixture.ts";

interface Peer extends AsyncDisposable {
  readonly port: number;
  /** First lines of the requests, each with the number of its connection. */
  readonly seen: string[];
  readonly open: Set<Socket>;
}

/** Calls with each head that comes; bodies are not looked at. */
async function startPeer(
  answer: (socket: Socket, line: string, connection: number) => void,
): Promise<Peer> {
  const seen: string[] = [];
  const open = new Set<Socket>();
  let count = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const number = ++count;
    let text = "";
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      for (;;) {
        const end = text.indexOf("\r\n\r\n");
        if (end === -1) return;
        const [line = ""] = text.slice(0, end).split("\r\n");
        text = text.slice(end + 4);
        seen.push(`${number} ${line}`);
        answer(socket, line, number);
      }
    });
    socket.on("end", () => socket.end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    open,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

interface Client extends Disposable {
  readonly socket: Socket;
  text: string;
  closed: boolean;
}

function client(port: number, send = ""): Client {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const made: Client = {
    socket,
    text: "",
    closed: false,
    [Symbol.dispose]: () => void socket.destroy(),
  };
  socket.on("data", (chunk: Buffer) => {
    made.text += chunk.toString("latin1");
  });
  socket.on("error", () => {});
  const close = (): void => {
    made.closed = true;
  };
  socket.on("end", close).on("close", close);
  if (send !== "") socket.write(send, "latin1");
  return made;
}

const head = (line: string, fields = ""): string => `${line} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** One server in front of the peer; `upstream` goes into its block. */
async function serve(
  fixture: GatewayFixture,
  peer: { readonly port: number },
  { inside = "", upstream = "" } = {},
): Promise<number> {
  const port = await freePort();
  await fixture.start(`upstream peers { server 127.0.0.1:${peer.port}; keepalive 8; ${upstream} }
    server { listen 127.0.0.1:${port}; proxy_temp_path ${fixture.folder}/proxy;
      location / { proxy_http_version 1.1; proxy_set_header Connection ""; ${inside}
        proxy_pass http://peers; }
      location /own { return 200 own; } }`);
  return port;
}

/** Answers with something behind their end: another request on their connection would get it for an answer. */
const SPOILING: ReadonlySet<string> = new Set([
  "extra bytes behind the response",
  "a body for HEAD",
  "a body with 204",
  "a body with 304",
]);

const BODIES: Readonly<Record<string, readonly [peer: string, method: string, client: RegExp]>> = {
  "informational heads before the final one": [
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${OK}`,
    "GET",
    /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/,
  ],
  "extra bytes behind the response": [`${OK}HTTP/1.1 500 X\r\n\r\n`, "GET", /\r\n\r\nok$/],
  "a body for HEAD": [OK, "HEAD", /^HTTP\/1\.1 200 OK\r\n[^]*Content-Length: 2\r\n[^]*\r\n\r\n$/],
  "a body with 204": [
    "HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\nok",
    "GET",
    /^HTTP\/1\.1 204 [^]*\r\n\r\n$/,
  ],
  "a body with 304": [
    "HTTP/1.1 304 Not\r\nContent-Length: 2\r\n\r\nok",
    "GET",
    /^HTTP\/1\.1 304 [^]*\r\n\r\n$/,
  ],
  "chunks with extensions and trailers": [
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\no\r\n1\r\nk\r\n0\r\nSum: 1\r\n\r\n",
    "GET",
    /\r\n\r\n(?:2\r\nok|1\r\no\r\n1\r\nk)\r\n0\r\n\r\n$/,
  ],
  "bare line feeds": ["HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "GET", /\r\n\r\nok$/],
};

test("a client gets each response as it is meant, however the peer puts it, and the next one after it", async () => {
  let answer = OK;
  for (const isCut of [false, true]) {
    await using peer = await startPeer((socket, line) => {
      const text = line.includes("/next") ? OK : answer;
      let at = 0;
      if (!isCut || text === OK) {
        socket.write(text);
        return;
      }
      const timer = setInterval(() => {
        if (at === text.length || socket.destroyed) clearInterval(timer);
        else socket.write(text.slice(at, (at += 1)));
      }, 1);
    });
    await using fixture = new GatewayFixture();
    const port = await serve(fixture, peer);
    for (const [what, [text, method, expected]] of Object.entries(BODIES)) {
      answer = text;
      using asking = client(port, head(`${method} /`));
      await until(() => expected.test(asking.text), `${what}: ${asking.text}`);
      // What is still on its way is no more known to a gateway than to any other client.
      if (SPOILING.has(what)) await until(() => peer.open.size === 0, `the end after ${what}`);
      asking.text = "";
      asking.socket.write(head("GET /next"));
      await until(() => asking.text.endsWith("\r\n\r\nok"), `the response after ${what}`);
    }
  }
});

test("a body that ends with the connection goes on as chunks, of HTTP/1.0 peers as well", async () => {
  await using peer = await startPeer((socket, line) => {
    socket.write(`HTTP/1.${line.includes("/old") ? 0 : 1} 200 OK\r\n\r\nfirst `);
    setTimeout(() => socket.end("second"), 20);
  });
  await using fixture = new GatewayFixture();
  const port = await serve(fixture, peer);
  for (const path of ["/old", "/new"]) {
    using asking = client(port, head(`GET ${path}`));
    await until(() => asking.text.endsWith("second\r\n0\r\n\r\n"), "the end of the body");
    assert.match(asking.text, /Transfer-Encoding: chunked/);
  }
});

test("a kept connection that the peer closes under the request costs a GET nothing and a POST 502", async () => {
  await using peer = await startPeer((socket, line, connection) => {
    const isLate = connection % 2 === 1 && line.includes("/late");
    if (isLate) socket.resetAndDestroy();
    else socket.write(OK);
  });
  await using fixture = new GatewayFixture();
  const port = await serve(fixture, peer);
  using asking = client(port, head("GET /first"));
  await until(() => asking.text.endsWith("ok"), "the first response");
  asking.text = "";
  asking.socket.write(head("GET /late"));
  await until(() => asking.text.endsWith("ok"), "the response of the second connection");
  assert.deepEqual(
    peer.seen.map((line) => line.replace(" HTTP/1.1", "")),
    ["1 GET /first", "1 GET /late", "2 GET /late"],
  );
  for (const socket of peer.open) socket.destroy();
  await delay(30);
  asking.text = "";
  asking.socket.write(head("GET /first"));
  await until(() => asking.text.endsWith("ok"), "the response of the third connection");
  asking.text = "";
  asking.socket.write(head("POST /late", "Content-Length: 0\r\n"));
  await until(() => asking.text.includes("502"), "the refusal");
  assert.equal(peer.seen.filter((line) => line.includes("POST")).length, 1);
});

test("a POST goes to a fresh connection when the peer has closed or spoiled the kept one", async () => {
  await using peer = await startPeer((socket, line) => {
    socket.write(OK);
    if (line.includes("/ends")) setTimeout(() => socket.end(), 5);
    if (line.includes("/talks")) setTimeout(() => socket.write("HTTP/1.1 408 Late\r\n\r\n"), 5);
  });
  await using fixture = new GatewayFixture();
  const port = await serve(fixture, peer);
  for (const path of ["/ends", "/talks"]) {
    using asking = client(port, head(`GET ${path}`));
    await until(() => asking.text.endsWith("ok"), "the first response");
    await delay(60);
    asking.text = "";
    asking.socket.write(head("POST /x", "Content-Length: 0\r\n"));
    await until(() => asking.text.includes("ok"), "the response to POST");
    assert.match(asking.text, /^HTTP\/1\.1 200 /);
  }
});

test("a client that leaves after the peer has finished takes nobody else's connection with it", async () => {
  const large = "x".repeat(20_000_000);
  await using peer = await startPeer((socket, line) => {
    if (line.includes("/large")) {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${large.length}\r\n\r\n${large}`);
    } else setTimeout(() => socket.write(OK), 200);
  });
  await using fixture = new GatewayFixture();
  const port = await serve(fixture, peer);
  const slow = connect(port, "127.0.0.1");
  slow.on("error", () => {});
  slow.write(head("GET /large"));
  slow.pause();
  // The gateway has all of it in its file, and the connection waits for the next request.
  await until(() => peer.open.size === 1 && peer.seen.length === 1, "the large request");
  const [kept] = peer.open;
  await until(() => kept?.writableLength === 0, "the end of the large response");
  await delay(300);
  using other = client(port, head("GET /other"));
  await until(() => peer.seen.length === 2, "the second request");
  assert.match(peer.seen[1] ?? "", /^1 /, "on the same connection");
  slow.resetAndDestroy();
  await until(() => other.text.endsWith("ok"), "the response to the other client");
});

test("a peer that breaks off in the middle leaves the client with the start, the end and a log line", async () => {
  await using peer = await startPeer((socket, line) => {
    const framing = line.includes("/length") ? "Content-Length: 100" : "Transfer-Encoding: chunked";
    socket.write(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n`);
    socket.write(line.includes("/length") ? "abc" : "3\r\nabc\r\n", () =>
      setTimeout(() => socket.resetAndDestroy(), 30),
    );
  });
  await using fixture = new GatewayFixture();
  const port = await serve(fixture, peer);
  for (const path of ["/length", "/chunks"]) {
    using asking = client(port, head(`GET ${path}`));
    await until(() => asking.closed, "the end");
    assert.match(asking.text, /abc(?:\r\n)?$/);
    await until(
      () => new RegExp(`while reading upstream[^\\n]*${path}`).test(fixture.read("error.log")),
      "the log line",
    );
  }
});

test("an answer before the end of the request reaches the client, and the peer's connection is closed", async () => {
  await using peer = await startPeer((socket) => {
    // The rest is never read.
    socket.pause();
    socket.write("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
  });
  await using fixture = new GatewayFixture();
  for (const buffering of ["on", "off"]) {
    const inside = `client_max_body_size 0; proxy_request_buffering ${buffering};`;
    const port = await serve(fixture, peer, { inside });
    const bytes = 12_000_000;
    using asking = client(port, head("POST /", `Content-Length: ${bytes}\r\n`));
    asking.socket.write("x".repeat(bytes));
    await until(() => /^HTTP\/1\.1 413 [^]*no$/.test(asking.text), "the early answer");
    for (const socket of peer.open) socket.resume();
    await until(() => peer.open.size === 0, "the end of the peer's connection");
    fixture.gateway.terminate();
  }
});

test("requests of all kinds in one pipeline are answered in their order, very many on one connection", async () => {
  await using peer = await startPeer((socket) => void socket.write(OK));
  await using fixture = new GatewayFixture();
  const port = await serve(fixture, peer);
  await fixture.reload(`keepalive_requests 100000;
    upstream peers { server 127.0.0.1:${peer.port}; keepalive 8; keepalive_requests 100000; }
    server { listen 127.0.0.1:${port};
      location / { proxy_pass http://peers; }
      location /own { return 200 own; }
      location /none { root ${fixture.folder}; } }`);
  const rounds = 2_000;
  using asking = client(port);
  const round =
    head("GET /") + head("GET /own") + head("POST /", "Content-Length: 1\r\n").concat("x");
  asking.socket.write((round + head("GET /none")).repeat(rounds));
  await until(() => asking.text.match(/HTTP\/1\.1 /g)?.length === 4 * rounds, "all answers");
  const statuses = asking.text.match(/HTTP\/1\.1 \d+|(?<=\r\n\r\n)own/g)?.join(" ");
  const one = "HTTP/1.1 200 HTTP/1.1 200 own HTTP/1.1 200 HTTP/1.1 404";
  assert.equal(statuses, Array(rounds).fill(one).join(" "));
});

test("clients that leave in the middle leave neither peers in use nor connections", async () => {
  await using peer = await startPeer((socket, line) => {
    if (line.includes("/body")) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx");
    if (line.includes("/free")) socket.write(OK);
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`upstream peers { zone z 64k; server 127.0.0.1:${peer.port} max_conns=40; keepalive 4; }
    server { listen 127.0.0.1:${port}; location / { proxy_pass http://peers; }
      location /stream { proxy_request_buffering off; proxy_pass http://peers; } }`);
  const kinds = [
    head("GET /body"),
    head("GET /silent"),
    head("POST /upload", "Content-Length: 9\r\n"),
    head("POST /stream", "Content-Length: 9\r\n"),
  ];
  for (let wave = 0; wave < 8; wave++) {
    const clients = Array.from({ length: 40 }, (_, at) => client(port, kinds[at % 4]));
    await delay(60);
    for (const [at, { socket }] of clients.entries()) {
      if (at % 3 === 0) socket.resetAndDestroy();
      else if (at % 3 === 1) socket.end();
      else socket.destroy();
    }
    for (const { socket } of clients) socket.destroySoon();
    await until(() => peer.open.size <= 4, "the end of the peers' connections");
  }
  // More than max_conns of them were given up: a count that was lost would refuse this one.
  const after = Array.from({ length: 30 }, () => client(port, head("GET /free")));
  await until(() => after.every(({ text }) => text.endsWith("ok")), "answers to all");
  for (const { socket } of after) socket.destroy();
});

test("time-outs strike silent parties, not those that trickle", async () => {
  await using peer = await startPeer((socket, line) => {
    if (line.includes("/silent")) return;
    const text = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef";
    let at = 0;
    const timer = setInterval(() => {
      if (at >= text.length || socket.destroyed) clearInterval(timer);
      else socket.write(text.slice(at, (at += 4)));
    }, 100);
  });
  await using fixture = new GatewayFixture();
  const inside =
    "proxy_read_timeout 400ms; client_body_timeout 400ms; proxy_request_buffering off;";
  const port = await serve(fixture, peer, { inside });
  using trickled = client(port, head("GET /trickle"));
  await until(() => trickled.text.endsWith("abcdef"), "the whole response");
  using silent = client(port, head("GET /silent"));
  await until(() => silent.text.includes("HTTP/1.1 504"), "the time-out");
  using upload = client(port, head("POST /trickle", "Content-Length: 6\r\n"));
  for (const character of "abcdef") {
    await delay(150);
    upload.socket.write(character);
  }
  await until(() => upload.text.endsWith("abcdef"), "the response to the slow upload");
  using stuck = client(port, head("POST /silent", "Content-Length: 6\r\n").concat("a"));
  await until(() => stuck.text.includes("HTTP/1.1 408") || stuck.closed, "the end of the upload");
});
