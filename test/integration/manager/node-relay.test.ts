import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { connect } from "node:tls";
import { WebSocket } from "ws";
import { MEMBER_PROPERTIES } from "../../../src/cluster/member-properties.ts";
import { identityFingerprint } from "../../../src/net/tls/certificate-fingerprint.ts";
import { makeAuthority, makeLeaf } from "../../../src/net/tls/local-certificates.ts";
import { TAILS_MAX } from "../../../src/observability/log-service.ts";
import type { ManagementListener } from "../../../src/worker/management-listener.ts";
import { FakeClock } from "../../helpers/fake-clock.ts";
import { eventually, request } from "../../helpers/http-request.ts";
import { addLine, type MadeLogs } from "../../helpers/made-logs.ts";
import { ADMIN, basic } from "../../helpers/management-fixture.ts";
import { makeMember } from "../../helpers/recording-cluster.ts";
import {
  AUTHORITY,
  leaf,
  makeConfig,
  makeHome,
  removeHome,
  start,
  type StartedManager,
} from "./manager-fixture.ts";
import { ChangingCluster, startMemberWorker } from "./relay-fixture.ts";

const MANAGER_IDENTITY = { cert: leaf.certificate, key: leaf.key };
const cluster = new ChangingCluster(
  makeMember({
    name: "manager",
    properties: {
      [MEMBER_PROPERTIES.managementCertificate]: identityFingerprint(MANAGER_IDENTITY) ?? "",
    },
  }),
);
const home = makeHome();
const folder = mkdtempSync(join(tmpdir(), "bascule-relay-"));
let started: StartedManager;
let password: string;
let worker: ManagementListener;
let workerLogs: MadeLogs;

/** Starts a worker that is a member from now on; `workerLogs` is its log. */
async function startWorker(name: string): Promise<ManagementListener> {
  const { listener, made } = await startMemberWorker(name, folder, cluster);
  workerLogs = made;
  return listener;
}

before(async () => {
  started = await start(makeConfig(home, { role: "manager" }), { cluster });
  password = readFileSync(
    join(home, "repository", "database", "initial-admin-password"),
    "utf8",
  ).trim();
  worker = await startWorker("worker-1");
});

after(async () => {
  await worker.close();
  await started.manager.close();
  removeHome(home);
  rmSync(folder, { recursive: true, force: true });
});

interface OpenOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly isAnonymous?: boolean;
}

const open: WebSocket[] = [];

function openTail(path: string, { headers = {}, isAnonymous = false }: OpenOptions = {}) {
  const login = isAnonymous ? {} : { authorization: basic({ ...ADMIN, password }) };
  const socket = new WebSocket(`${started.url.replace("https:", "wss:")}${path}`, {
    ca: AUTHORITY,
    headers: { ...login, ...headers },
  });
  open.push(socket);
  const frames: { message?: string; skipped?: number }[] = [];
  socket.on("message", (data: Buffer) => frames.push(JSON.parse(data.toString())));
  return { socket, frames };
}

/** The status and the sentence that a WebSocket was refused with. */
async function refusal(path: string, options: OpenOptions = {}) {
  const { socket } = openTail(path, options);
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  socket.once("open", () => reject(new Error("was let in")));
  socket.once("error", () => {});
  socket.once("unexpected-response", (_request, response) => {
    response
      .setEncoding("utf8")
      .toArray()
      .then((chunks: readonly string[]) =>
        resolve({ status: response.statusCode ?? 0, body: chunks.join("") }),
      )
      .catch(reject);
  });
  return promise;
}

async function cookie(): Promise<string> {
  const answer = await started.ask("/management/session", undefined, {
    headers: { "x-requested-with": "test", "content-type": "application/json" },
    body: JSON.stringify({ user: "admin", password }),
  });
  assert.equal(answer.status, 200);
  return answer.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
}

beforeEach(() => {
  for (const socket of open.splice(0)) socket.terminate();
});

describe("a node's management port through the manager", () => {
  it("answers a GET with what the worker says, and as inert data", async () => {
    const { status, headers, body } = await started.ask(
      "/carbon/nodes/worker-1/management/server",
      password,
    );
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(body), {
      name: "worker-1",
      role: "worker",
      revision: "abc",
      refused: null,
    });
    assert.match(String(headers["content-security-policy"]), /^default-src 'none'; sandbox/);
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.ok(started.log.messages("info").some((line) => /was read by admin/.test(line)));
  });

  it("gives the last lines of a worker's log, and of the manager's own", async () => {
    addLine(workerLogs.ring, "from the worker");
    addLine(started.ring, "from the manager");
    const answer = await started.ask("/carbon/nodes/worker-1/logs?lines=1", password);
    assert.equal(answer.status, 200, answer.body);
    assert.equal(JSON.parse(answer.body).list[0].message, "from the worker");
    const own = await started.ask("/carbon/nodes/manager/logs?lines=1&level=info", password);
    assert.equal(JSON.parse(own.body).list[0].message, "from the manager");
    const head = await started.ask("/carbon/nodes/worker-1/logs", password, { method: "HEAD" });
    assert.deepEqual([head.status, head.body], [200, ""]);
  });

  it("gives admins a worker's traces and tokens for them, and nobody else at the worker's own port", async () => {
    const { status, body } = await started.ask("/carbon/nodes/worker-1/traces", password);
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(body), { count: 0, list: [] });
    const token = await started.ask("/carbon/nodes/worker-1/traces/token", password);
    assert.equal(token.status, 200);
    assert.match(token.body, /"header":"X-Bascule-Trace","token":"[\w-]{32}"/);
    assert.equal((await started.ask("/carbon/nodes/worker-1/traces", undefined)).status, 401);
    const direct = await request(`https://127.0.0.1:${worker.port}/traces/token`);
    assert.equal(direct.status, 403);
    assert.doesNotMatch(direct.body, /"token"/);
    const own = await started.ask("/carbon/nodes/manager/traces", password);
    assert.equal(own.status, 404);
  });

  it("tells a wrong query, an unknown node, an unknown path and an address form of a name", async () => {
    const statusOf = async (path: string) => (await started.ask(path, password)).status;
    assert.equal(await statusOf("/carbon/nodes/worker-1/logs?lines=many"), 400);
    assert.equal(await statusOf("/carbon/nodes/nobody/logs"), 404);
    assert.equal(await statusOf("/carbon/nodes/worker-1/nothing"), 404);
    assert.equal(await statusOf("/carbon/nodes/manager/management/server"), 404);
    const address = encodeURIComponent(`127.0.0.1:${cluster.others[0]?.port}`);
    assert.equal(await statusOf(`/carbon/nodes/${address}/health/live`), 200);
  });

  it("passes on no path that two readers could understand differently", async () => {
    for (const path of [
      "..%2flogs",
      "%2e%2e/logs",
      "a//b",
      "a/../logs",
      "logs%00",
      "a\\b",
      "logs?x=%2e",
    ]) {
      const { promise, resolve } = Promise.withResolvers<string>();
      const port = Number(new URL(started.url).port);
      const socket = connect({ port, host: "127.0.0.1", ca: AUTHORITY }, () =>
        socket.write(
          `GET /carbon/nodes/worker-1/${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: ${basic({ ...ADMIN, password })}\r\n\r\n`,
        ),
      );
      socket.once("data", (chunk) => resolve(String(chunk)));
      assert.match(await promise, /^HTTP\/1\.1 400 /, path);
      socket.destroy();
    }
  });

  it("asks for an admin, reads only, and takes no body", async () => {
    const path = "/carbon/nodes/worker-1/management/server";
    assert.equal((await started.ask(path, undefined)).status, 401);
    const user = { userId: "reader", password: "battery staple 1" };
    const added = await started.ask("/management/users", password, {
      headers: { "content-type": "application/json" },
      body: JSON.stringify(user),
    });
    assert.equal(added.status, 201);
    const asReader = { authorization: basic({ user: user.userId, password: user.password }) };
    assert.equal((await started.ask(path, undefined, { headers: asReader })).status, 403);
    for (const method of ["POST", "DELETE"]) {
      const answer = await started.ask(path, password, { method });
      assert.equal(answer.status, 403);
      assert.equal(JSON.parse(answer.body).code, "READ_ONLY_NODE");
    }
    const body = await started.ask(path, password, { method: "GET", body: "x" });
    assert.equal(body.status, 400);
  });

  it("never hands cookies and credentials on, and nothing that a node could do to the console", async () => {
    const made = await makeLeaf(["hostile"], await makeAuthority("Hostile"));
    const identity = { cert: made.certificate, key: made.key };
    const seen: string[] = [];
    const hostile = createServer(identity, (incoming, response) => {
      seen.push(...Object.keys(incoming.headers));
      response.writeHead(200, {
        "Set-Cookie": "bascule_session=stolen",
        "Content-Type": "text/html",
        "Content-Security-Policy": "default-src *",
        Location: "https://elsewhere.example/",
      });
      response.end("<script>alert(1)</script>");
    }).listen(0, "127.0.0.1");
    await once(hostile, "listening");
    const { port } = hostile.address() as AddressInfo;
    cluster.others.push(cluster.memberAt("hostile", port, identityFingerprint(identity) ?? ""));
    const session = { cookie: await cookie(), "x-forwarded-for": "1.1.1.1", te: "trailers" };
    const { status, headers } = await started.ask("/carbon/nodes/hostile/x", undefined, {
      headers: session,
    });
    assert.equal(status, 200);
    assert.deepEqual(seen.toSorted(), ["connection", "host"]);
    assert.equal(headers["set-cookie"], undefined);
    assert.equal(headers.location, undefined);
    assert.equal(headers["content-type"], "text/plain; charset=utf-8");
    assert.match(String(headers["content-security-policy"]), /sandbox/);
    cluster.leave("hostile");
    cluster.others.push(cluster.memberAt("impostor", port, "another fingerprint"));
    const seenBefore = seen.length;
    const answer = await started.ask("/carbon/nodes/impostor/x", password);
    assert.equal(answer.status, 502);
    assert.match(answer.body, /another certificate than the node tells/);
    assert.equal(seen.length, seenBefore, "nothing was sent to it");
    cluster.leave("impostor");
    hostile.close();
  });

  it("says 502 for a node that does not answer, and for one that has left", async () => {
    cluster.others.push(cluster.memberAt("silent", 1, "fingerprint"));
    const silent = await started.ask("/carbon/nodes/silent/logs", password);
    assert.equal(silent.status, 502);
    assert.match(silent.body, /silent does not answer at its management port 127\.0\.0\.1:1/);
    const tail = await refusal("/carbon/nodes/silent/logs/tail");
    assert.equal(tail.status, 502);
    assert.match(tail.body, /NODE_UNREACHABLE/);
    cluster.leave("silent");
    const left = await started.ask("/carbon/nodes/silent/logs", password);
    assert.equal(left.status, 502);
    assert.match(left.body, /silent has left the cluster/);
  });
});

describe("a log tail through the manager", () => {
  it("gives the last lines, then each new one, of that level and above", async () => {
    for (const message of ["one", "two", "three"]) addLine(workerLogs.ring, message, "warn");
    const { frames } = openTail("/carbon/nodes/worker-1/logs/tail?lines=2&level=warn");
    await eventually("two lines", async () => frames.length >= 2 || undefined);
    addLine(workerLogs.ring, "hidden");
    addLine(workerLogs.ring, "four", "warn");
    await eventually("a third", async () => frames.length >= 3 || undefined);
    assert.deepEqual(
      frames.map(({ message }) => message),
      ["two", "three", "four"],
    );
  });

  it("of the manager itself is there too", async () => {
    const { frames } = openTail("/carbon/nodes/manager/logs/tail?lines=0");
    await eventually("a live line", async () => {
      addLine(started.ring, "live");
      return frames.some(({ message }) => message === "live") || undefined;
    });
  });

  it("needs a login, and with a cookie the console's own origin", async () => {
    const path = "/carbon/nodes/worker-1/logs/tail";
    assert.equal((await refusal(path, { isAnonymous: true })).status, 401);
    const session = await cookie();
    const asPage = (headers: Readonly<Record<string, string>>): OpenOptions => ({
      isAnonymous: true,
      headers: { cookie: session, ...headers },
    });
    for (const origin of ["https://evil.example", "null", started.url.replace("https", "http")])
      assert.equal((await refusal(path, asPage({ origin }))).status, 403, origin);
    assert.equal((await refusal(path, asPage({}))).status, 403, "without an Origin");
    assert.equal(
      (await refusal(path, { headers: { origin: "https://evil.example" } })).status,
      403,
    );
    const { socket } = openTail(path, asPage({ origin: started.url }));
    await once(socket, "open");
  });

  it("is refused with the worker's own words, and unknown nodes with 404", async () => {
    const wrong = await refusal("/carbon/nodes/worker-1/logs/tail?level=loud");
    assert.equal(wrong.status, 400);
    assert.match(wrong.body, /level must be one of/);
    assert.equal((await refusal("/carbon/nodes/nobody/logs/tail")).status, 404);
    assert.equal((await refusal("/carbon/nodes/worker-1/management/server")).status, 200);
  });

  it("is given to the manager's certificate only, at the worker's own port", async () => {
    const url = `wss://127.0.0.1:${worker.port}/logs/tail`;
    const others = await makeLeaf(["other"], await makeAuthority("Other"));
    for (const identity of [{}, { cert: others.certificate, key: others.key }]) {
      const socket = new WebSocket(url, { rejectUnauthorized: false, ...identity });
      const [error] = await once(socket, "error");
      assert.match(String(error), /403/);
    }
    const socket = new WebSocket(url, { rejectUnauthorized: false, ...MANAGER_IDENTITY });
    await once(socket, "open");
    socket.terminate();
  });

  it("skips lines for a slow reader, says how many, and keeps no more than the ring", async () => {
    const { socket, frames } = openTail("/carbon/nodes/worker-1/logs/tail?lines=0");
    await once(socket, "open");
    addLine(workerLogs.ring, "first");
    await eventually("the first line", async () => frames.length > 0 || undefined);
    socket.pause();
    const filler = "x".repeat(4_000);
    const lines = 6_000;
    for (let count = 0; count < lines; count += 1) {
      addLine(workerLogs.ring, filler);
      if (count % 100 === 0) await new Promise((resolve) => void setImmediate(resolve));
    }
    socket.resume();
    addLine(workerLogs.ring, "last");
    await eventually("the last line", async () => frames.at(-1)?.message === "last" || undefined);
    const skipped = frames.reduce((sum, frame) => sum + (frame.skipped ?? 0), 0);
    assert.ok(skipped > 0, "lines were skipped");
    assert.equal(frames.filter(({ message }) => message === filler).length + skipped, lines);
  });

  it("ends with the login that opened it", async () => {
    const clock = new FakeClock();
    const ownHome = makeHome();
    const config = makeConfig(ownHome, { name: "alone" });
    const alone = await start(config, { clock });
    const file = join(ownHome, "repository", "database", "initial-admin-password");
    const authorization = basic({ ...ADMIN, password: readFileSync(file, "utf8").trim() });
    const login = await request(`${alone.url}/management/login`, {
      ca: AUTHORITY,
      headers: { authorization },
    });
    const headers = { authorization: `Bearer ${JSON.parse(login.body).AccessToken}` };
    const url = `${alone.url.replace("https:", "wss:")}/carbon/nodes/alone/logs/tail`;
    const socket = new WebSocket(url, { ca: AUTHORITY, headers });
    await once(socket, "open");
    clock.advance(30_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(socket.readyState, socket.OPEN);
    await request(`${alone.url}/management/logout`, { ca: AUTHORITY, headers });
    const closed = once(socket, "close");
    clock.advance(30_000);
    await closed;
    await alone.manager.close();
    removeHome(ownHome);
  });

  it("ends when the manager stops, which it does not hold up", async () => {
    const ownHome = makeHome();
    const alone = await start(makeConfig(ownHome, { name: "alone" }));
    const file = join(ownHome, "repository", "database", "initial-admin-password");
    const authorization = basic({ ...ADMIN, password: readFileSync(file, "utf8").trim() });
    const url = `${alone.url.replace("https:", "wss:")}/carbon/nodes/alone/logs/tail`;
    const socket = new WebSocket(url, { ca: AUTHORITY, headers: { authorization } });
    await once(socket, "open");
    const closed = once(socket, "close");
    const startedMs = Date.now();
    await alone.manager.close();
    await closed;
    assert.ok(Date.now() - startedMs < 2_000);
    removeHome(ownHome);
  });

  it("ends when its worker goes", async () => {
    const other = await startWorker("worker-2");
    const { socket, frames } = openTail("/carbon/nodes/worker-2/logs/tail?lines=0");
    await once(socket, "open");
    addLine(workerLogs.ring, "here");
    await eventually("a line", async () => frames.length > 0 || undefined);
    const closed = once(socket, "close");
    await other.close();
    await closed;
  });

  it("leaves nothing behind when clients vanish in the middle of it", async () => {
    const extra = await startWorker("worker-4");
    const path = "/carbon/nodes/worker-4/logs/tail";
    const uncaught: Error[] = [];
    const onUncaught = (error: Error): void => void uncaught.push(error);
    process.on("uncaughtExceptionMonitor", onUncaught);
    const paths = [path, "/carbon/nodes/manager/logs/tail", "/carbon/nodes/nobody/logs/tail"];
    const authorization = basic({ ...ADMIN, password });
    for (let round = 0; round < 30; round += 1) {
      const plain = httpsRequest(`${started.url}/carbon/nodes/worker-4/logs`, {
        ca: AUTHORITY,
        headers: { authorization },
        agent: false,
      }).on("error", () => {});
      plain.end();
      setTimeout(() => plain.destroy(), round * 2);
      const { socket } = openTail(paths[round % paths.length] ?? path);
      socket.on("error", () => {});
      await new Promise((resolve) => setTimeout(resolve, round * 2));
      socket.terminate();
    }
    await eventually("room for all tails again", async () => {
      const tails = Array.from({ length: TAILS_MAX }, () => openTail(path).socket);
      for (const socket of tails) socket.on("error", () => {});
      const opened = await Promise.allSettled(tails.map((socket) => once(socket, "open")));
      for (const socket of tails) socket.terminate();
      return opened.every(({ status }) => status === "fulfilled") || undefined;
    });
    process.off("uncaughtExceptionMonitor", onUncaught);
    assert.deepEqual(uncaught, [], "http-proxy-3 throws what nobody listens for");
    await extra.close();
  });

  it("is one of a bounded number", async () => {
    const extra = await startWorker("worker-3");
    const path = "/carbon/nodes/worker-3/logs/tail";
    const tails = Array.from({ length: TAILS_MAX }, () => openTail(path).socket);
    await Promise.all(tails.map((socket) => once(socket, "open")));
    const { status, body } = await refusal(path);
    assert.equal(status, 503);
    assert.match(body, /LOG_TAILS_LIMIT/);
    tails[0]?.terminate();
    await eventually("room again", async () => {
      const { socket } = openTail(path);
      socket.on("error", () => {});
      await once(socket, "open");
      return true;
    });
    await extra.close();
  });
});
