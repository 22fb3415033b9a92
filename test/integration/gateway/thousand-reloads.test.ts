/**
 * A thousand reloads under load (nginx/nginx#437 and the like): every request is answered, every answer is the right one, and
 * nothing of the old configurations stays behind. One process holds gateway, clients and back ends, so that a
 * request can be sent at any chosen moment of a reload.
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { makeAuthority, makeLeaf } from "../../../src/net/tls/local-certificates.ts";
import type { GatewayConfig } from "../../../src/gateway/gateway-config.ts";
import { startGateway } from "../../../src/gateway/gateway.ts";
import { loadGatewayConfig } from "../../../src/gateway/nginx/load-config.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import {
  type Backend,
  freePort,
  GatewayFixture,
  startBackend,
} from "../../helpers/gateway-fixture.ts";
import { KeptClient, type KeptResponse, postText } from "../../helpers/kept-client.ts";

const RELOAD_COUNT = 1_000;
/** By then everything has been compiled and every pool has its size. */
const WARM_COUNT = 200;
/** A configuration with its TLS context is far beyond a tenth of this. */
const BYTES_PER_RELOAD_MAX = 8 * 1024;
/** The allocator's own: in longer runs it levels off at about 110 MB, clients and back ends included. */
const RSS_GROWTH_MAX = 128 * 1024 * 1024;

/** How much later it is after each reload, in milliseconds: deadlines that were taken back are let go in their time. */
const TIME_PER_RELOAD_MS = 1_000;
const IDLE_TIME_MS = 30_000;

/** Connections to back ends that are kept: how many are idle at the end depends on what was at work together. */
const DESCRIPTORS_MAY_DIFFER = 12;

/** Between an answer and the next request of a client. */
const THINK_MS = 12;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const authority = await makeAuthority("test authority");
const leaves = [await makeLeaf(["even.test"], authority), await makeLeaf(["odd.test"], authority)];

interface Ports {
  readonly plain: number;
  readonly tls: number;
  /** Listens under every second configuration. */
  readonly visiting: number;
}

/** Order of servers, certificate, a location and a listener change with each reload. */
function configOf(reload: number, ports: Ports, backends: readonly Backend[]): string {
  const isOdd = reload % 2 === 1;
  const servers = backends.map(({ port }) => `server 127.0.0.1:${port};`);
  const certificate = isOdd ? "odd" : "even";
  return `
    keepalive_requests 1000000;
    client_body_buffer_size 16k;
    upstream u { ${(isOdd ? servers : servers.toReversed()).join(" ")} }
    server {
      listen 127.0.0.1:${ports.plain};
      ${isOdd ? `listen 127.0.0.1:${ports.visiting};` : ""}
      listen 127.0.0.1:${ports.tls} ssl;
      ssl_certificate ${certificate}.crt; ssl_certificate_key ${certificate}.key;
      location / { proxy_pass http://u; }
      location /ws { proxy_pass http://u; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }
      ${isOdd ? "location = /own { return 200 odd; }" : "location /own { return 200 even; }"}
    }`;
}

/** Answers with the request: method, target and body; "/late" when `release` is called. */
async function startEchoBackend(): Promise<
  Backend & { readonly lateCount: () => number; readonly release: () => void }
> {
  const late: (() => void)[] = [];
  const backend = await startBackend("echo", {
    handler(incoming, response) {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.once("end", () => {
        backend.seen.length = 0;
        const answer = (): void => {
          response.end(`${incoming.method} ${incoming.url} ${Buffer.concat(chunks).toString()}`);
        };
        if (incoming.url === "/late") late.push(answer);
        else answer();
      });
    },
  });
  backend.server.keepAliveTimeout = 60_000;
  backend.server.on("upgrade", (_incoming, socket) => {
    socket.on("error", () => {});
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
    socket.pipe(socket);
  });
  return {
    ...backend,
    lateCount: () => late.length,
    release: () => {
      for (const answer of late.splice(0)) answer();
    },
  };
}

/** Clients that send all the time; what goes wrong ends up in `faults`. */
class Load {
  readonly faults: string[] = [];
  answered = 0;
  readonly #ports: Ports;
  readonly #loops: Promise<void>[] = [];
  #clients: KeptClient[] = [];
  #count = 0;
  #isOver = false;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  start(): void {
    this.#isOver = false;
    const { plain, tls } = this.#ports;
    const kept = [new KeptClient(plain), new KeptClient(plain), new KeptClient(plain)];
    const secure = new KeptClient(tls, { tls: true });
    const [gets, posts, pipeline] = kept;
    if (!gets || !posts || !pipeline) return;
    this.#repeat(() => this.get(gets));
    this.#repeat(() => this.post(posts));
    this.#repeat(() => this.#pipeline(pipeline));
    this.#repeat(() => this.post(secure));
    this.#repeat(() => this.#own(secure));
    this.#repeat(() => this.#onNewConnection());
    this.#loops.push(this.#echo(new KeptClient(plain)));
    this.#clients = [...kept, secure];
  }

  /** Resolves when the last answer has come and all connections are closed. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops.splice(0));
    for (const client of this.#clients.splice(0)) client.close();
  }

  async get(client: KeptClient): Promise<void> {
    const target = `/get/${++this.#count}`;
    await this.#expect(client.get(target), [`GET ${target} `]);
  }

  /** Every eighth body is larger than client_body_buffer_size and goes through a file. */
  async post(client: KeptClient): Promise<void> {
    const target = `/post/${++this.#count}`;
    const bytesMax = this.#count % 8 === 0 ? 60_000 : 4_000;
    const body = `${this.#count},`.repeat(1 + ((this.#count * 7919) % (bytesMax / 8)));
    await this.#expect(client.post(target, body), [`POST ${target} ${body}`]);
  }

  async #own(client: KeptClient): Promise<void> {
    await this.#expect(client.get("/own"), ["even", "odd"]);
  }

  /** Three requests in one piece. */
  async #pipeline(client: KeptClient): Promise<void> {
    const number = ++this.#count;
    const text = `GET /a/${number} HTTP/1.1\r\nHost: a\r\n\r\n`;
    const first = client.send(text + postText(`/b/${number}`, "body") + text);
    const others = [client.send(""), client.send("")];
    await Promise.all([
      this.#expect(first, [`GET /a/${number} `]),
      this.#expect(others[0], [`POST /b/${number} body`]),
      this.#expect(others[1], [`GET /a/${number} `]),
    ]);
  }

  async #onNewConnection(): Promise<void> {
    const tls = ++this.#count % 8 === 0;
    const client = new KeptClient(tls ? this.#ports.tls : this.#ports.plain, { tls });
    await (this.#count % 2 === 0 ? this.get(client) : this.post(client));
    client.close();
  }

  /** One WebSocket as long as the load goes on. */
  async #echo({ socket }: KeptClient): Promise<void> {
    socket.removeAllListeners("data");
    let received = "";
    let sent = "";
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString("latin1");
    });
    socket.write(
      "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
    while (!received.includes("\r\n\r\n")) await pause();
    received = "";
    while (!this.#isOver) {
      const message = `message ${++this.#count};`;
      sent += message;
      socket.write(message);
      while (received.length < sent.length && !socket.destroyed) await pause();
      if (received !== sent) return void this.faults.push(`WebSocket: ${received.slice(-40)}`);
      this.answered++;
      received = "";
      sent = "";
      await pause(THINK_MS);
    }
    socket.destroy();
  }

  #repeat(action: () => Promise<void>): void {
    const run = async (): Promise<void> => {
      while (!this.#isOver && this.faults.length < 10) {
        await action();
        await pause(THINK_MS);
      }
    };
    this.#loops.push(run());
  }

  async #expect(
    answer: Promise<KeptResponse> | undefined,
    bodies: readonly string[],
  ): Promise<void> {
    try {
      const response = await answer;
      this.answered++;
      if (response?.status === 200 && bodies.includes(response.body)) return;
      this.faults.push(`${response?.head}: ${response?.body.slice(0, 80)}`);
    } catch (error) {
      this.faults.push(`${String(error)} instead of ${bodies[0]?.slice(0, 40)}`);
    }
  }

  /** A request whose listener goes while it is being answered. */
  async late(release: () => void, reload: () => Promise<void>, held: () => boolean): Promise<void> {
    const client = new KeptClient(this.#ports.visiting);
    const answer = this.#expect(client.get("/late"), ["GET /late "]);
    while (!held()) await pause();
    await reload();
    release();
    await answer;
    client.close();
  }
}

function pause(ms = 1): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What there is of sockets, files, timers and memory when nothing is going on. */
async function residue(): Promise<{
  readonly heapBytes: number;
  readonly rssBytes: number;
  readonly descriptors: number;
  readonly timers: number;
}> {
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    collectGarbage();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  const timers = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  return {
    heapBytes: heapUsed + external,
    rssBytes: rss,
    descriptors: readdirSync("/proc/self/fd").length,
    timers,
  };
}

test("loses no request and keeps nothing over 1,000 reloads under load", async (context) => {
  await using first = await startEchoBackend();
  await using second = await startEchoBackend();
  const backends = [first, second];
  await using fixture = new GatewayFixture();
  for (const [at, name] of ["even", "odd"].entries()) {
    fixture.write(`${name}.crt`, leaves[at]?.certificate ?? "");
    fixture.write(`${name}.key`, leaves[at]?.key ?? "");
  }
  const ports = { plain: await freePort(), tls: await freePort(), visiting: await freePort() };
  const files = [0, 1].map((reload) => {
    const http = `http { access_log access.log; ${configOf(reload, ports, backends)} }`;
    return fixture.write(`${reload}.conf`, `error_log error.log info; ${http}`);
  });
  const configFor = (reload: number): Promise<GatewayConfig> =>
    loadGatewayConfig({ file: files[reload % 2] ?? "", prefix: fixture.folder });
  let laterMs = 0;
  const clock = { ...systemClock, monotonicMs: () => performance.now() + laterMs };
  const stderr = { write: () => {} };
  await using stack = new AsyncDisposableStack();
  const gateway = await startGateway({ config: await configFor(0), clock, stderr });
  stack.defer(() => gateway.terminate());
  const load = new Load(ports);
  const isHeld = (): boolean => backends.some(({ lateCount }) => lateCount() > 0);
  const release = (): void => backends.forEach((backend) => backend.release());
  const idle = new KeptClient(ports.plain);
  await load.get(idle);

  /** The idle connection is used just before, in the middle of, or just after the reload. */
  const reload = async (number: number): Promise<void> => {
    const posts: Promise<void>[] = [];
    const post = (): void => void posts.push(load.post(idle));
    if (number % 3 === 0) post();
    await gateway.reload(async () => {
      const config = await configFor(number);
      if (number % 3 === 1) post();
      return config;
    });
    if (number % 3 === 2) post();
    laterMs += TIME_PER_RELOAD_MS;
    await Promise.all(posts);
  };
  const reloads = async (from: number, to: number): Promise<void> => {
    load.start();
    for (let number = from + 1; number <= to && load.faults.length === 0; number++) {
      const goesAway = number % 2 === 0;
      if (goesAway) await load.late(release, () => reload(number), isHeld);
      else await reload(number);
    }
    await load.stop();
    laterMs += IDLE_TIME_MS;
  };

  await reloads(0, WARM_COUNT);
  const warm = await residue();
  await reloads(WARM_COUNT, RELOAD_COUNT);
  const after = await residue();
  assert.deepEqual(load.faults, []);
  assert.equal(gateway.retiredCount, 0);
  const grown = (after.heapBytes - warm.heapBytes) / (RELOAD_COUNT - WARM_COUNT);
  context.diagnostic(`${load.answered} answers, ${grown.toFixed(0)} bytes of heap a reload`);
  context.diagnostic(JSON.stringify({ warm, after }));
  assert.ok(load.answered > 2 * RELOAD_COUNT, `${load.answered} answers`);
  assert.ok(grown < BYTES_PER_RELOAD_MAX, `${grown} bytes of heap a reload`);
  assert.ok(after.rssBytes - warm.rssBytes < RSS_GROWTH_MAX, "resident memory grows");
  assert.ok(Math.abs(after.descriptors - warm.descriptors) <= DESCRIPTORS_MAY_DIFFER);
  assert.equal(after.timers, warm.timers);
  idle.close();
});
