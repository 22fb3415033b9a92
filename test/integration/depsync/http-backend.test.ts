/** A repository over smart HTTP, used by real git: reading, pushing to main alone, bounds, and what is left after failures. */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type ServerResponse,
} from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { PassThrough, pipeline } from "node:stream";
import { text as readAll } from "node:stream/consumers";
import { type TestContext, it } from "node:test";
import { gzipSync } from "node:zlib";
import { AppError } from "../../../src/errors/app-error.ts";
import { EXCHANGES_MAX, HttpBackend } from "../../../src/depsync/http-backend/http-backend.ts";
import {
  protocolOf,
  readRepositoryRequest,
} from "../../../src/depsync/http-backend/repository-request.ts";
import type { OwnRepository } from "../../../src/depsync/deployment-repository.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { FakeClock } from "../../helpers/fake-clock.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { ADMIN, git, PROXY, publisherIn, put, temporaryFolder } from "./repository-room.ts";

interface Served {
  readonly folder: string;
  readonly url: string;
  readonly port: number;
  readonly gitDir: string;
  readonly live: string;
  readonly own: OwnRepository;
  /** How often a push was looked at. */
  readonly pushes: () => number;
}

/** A repository with one revision, main and live there. */
async function serve(test: TestContext): Promise<Served> {
  const folder = temporaryFolder(test);
  const publisher = await publisherIn(folder);
  const live = await publisher.commit([put(PROXY, "1")], "one", ADMIN);
  await publisher.moveLive(live, undefined);
  const { own } = publisher;
  assert.ok(own);
  const log = new MemoryLog();
  const spoolFolder = join(folder, "pushes");
  const backend = new HttpBackend({ repository: own, spoolFolder, log, clock: systemClock });
  let pushes = 0;
  const server = createServer((request, response) => {
    void respond(backend, request, response, async (say) => {
      pushes += 1;
      say("looked at");
      await Promise.resolve();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  test.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/r.git`;
  return { folder, url, port, gitDir: own.gitDir, live, own, pushes: () => pushes };
}

async function respond(
  backend: HttpBackend,
  request: IncomingMessage,
  response: ServerResponse,
  afterPush: (say: (line: string) => void) => Promise<void>,
): Promise<void> {
  const [path = "", search = ""] = (request.url ?? "").split("?", 2);
  const wanted = readRepositoryRequest(request.method ?? "", path.slice("/r.git".length), search);
  if ("status" in wanted) return void response.writeHead(wanted.status).end(wanted.reason);
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  try {
    const { status, fields, body } = await backend.answer({
      request: wanted,
      protocol: protocolOf(request.headers["git-protocol"]?.toString()),
      user: "alice",
      body: request.method === "POST" ? request : undefined,
      encoding: request.headers["content-encoding"],
      signal: gone.signal,
      afterPush,
    });
    response.writeHead(status, Object.fromEntries(fields));
    pipeline(body, response, () => {});
  } catch (error) {
    const code = error instanceof AppError ? error.code : "?";
    response.writeHead(code === "REQUEST_INVALID" ? 400 : 503).end(String(error));
  }
}

/** Git as a person has it; resolves with the status and all that it says. */
function person(
  folder: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ status: number; text: string }> {
  const identity = ["-c", "user.name=Alice", "-c", "user.email=alice@esb.test"];
  const env = { PATH: process.env["PATH"], HOME: folder, GIT_TERMINAL_PROMPT: "0", ...environment };
  const { promise, resolve } = Promise.withResolvers<{ status: number; text: string }>();
  execFile("git", [...identity, ...args], { env, cwd: folder }, (error, stdout, stderr) =>
    resolve({ status: error ? Number(error.code) : 0, text: stdout + stderr }),
  );
  return promise;
}

async function cloned({ folder, url }: Served): Promise<string> {
  const target = join(folder, "clone");
  const { status, text } = await person(folder, ["clone", "-q", url, target]);
  assert.equal(status, 0, text);
  return target;
}

async function commit(clone: string, path: string, content: string | Buffer): Promise<void> {
  mkdirSync(join(clone, path, ".."), { recursive: true });
  writeFileSync(join(clone, path), content);
  await person(clone, ["add", "-A"]);
  const { status, text } = await person(clone, ["commit", "-qm", "by hand"]);
  assert.equal(status, 0, text);
}

it("is cloned and fetched from with git's second protocol, live and candidates too", async (test) => {
  const served = await serve(test);
  const target = await cloned(served);
  assert.equal(readFileSync(join(target, PROXY), "utf8"), "1");
  const trace = await person(target, ["ls-remote", "origin"], { GIT_TRACE_PACKET: "1" });
  assert.match(trace.text, /version 2/);
  assert.match(trace.text, new RegExp(`${served.live}\trefs/heads/live`));
});

it("takes a push to main, looks at it, and tells the outcome to whoever pushed", async (test) => {
  const served = await serve(test);
  const target = await cloned(served);
  await commit(target, PROXY, "2");
  const { status, text } = await person(target, ["push", "origin", "HEAD:main"]);
  assert.equal(status, 0, text);
  assert.match(text, /remote: looked at/);
  assert.equal(served.pushes(), 1);
  const head = (await person(target, ["rev-parse", "HEAD"])).text.trim();
  assert.equal(git(served.gitDir, "rev-parse", "main").trim(), head);
  assert.equal(git(served.gitDir, "rev-parse", "live").trim(), served.live);
  assert.deepEqual(readdirSync(join(served.folder, "pushes")), []);
});

for (const [what, refspec, reason] of [
  ["live", "HEAD:live", /hidden ref/],
  ["a candidate", "HEAD:refs/heads/candidates/000000000000", /hidden ref/],
  ["a tag", "HEAD:refs/tags/v1", /hidden ref/],
  ["another branch", "HEAD:feature", /hidden ref/],
  ["the end of main", ":main", /deletion prohibited/],
  ["a main without its history", "+orphan:main", /non-fast-forward/],
] as const)
  it(`refuses a push of ${what}`, async (test) => {
    const served = await serve(test);
    const target = await cloned(served);
    await commit(target, PROXY, "2");
    await person(target, ["checkout", "-q", "--orphan", "orphan"]);
    await person(target, ["commit", "-qm", "without history"]);
    if (!refspec.startsWith("+")) await person(target, ["checkout", "-q", "main"]);
    const before = git(served.gitDir, "for-each-ref");
    const { status, text } = await person(target, ["push", "origin", refspec]);
    assert.notEqual(status, 0, text);
    assert.match(text, reason);
    assert.equal(git(served.gitDir, "for-each-ref"), before);
  });

it("refuses a push that is larger than 64 MB and keeps nothing of it", async (test) => {
  const served = await serve(test);
  const target = await cloned(served);
  await commit(target, "large.bin", randomBytes(66 * 1024 * 1024));
  const { status, text } = await person(target, [
    "-c",
    "core.compression=0",
    "push",
    "origin",
    "HEAD:main",
  ]);
  assert.notEqual(status, 0, text);
  assert.equal(git(served.gitDir, "rev-parse", "main").trim(), served.live);
  assert.deepEqual(readdirSync(join(served.folder, "pushes")), []);
  assert.equal(served.pushes(), 0);
});

it("refuses objects that git's own check finds at fault", async (test) => {
  const served = await serve(test);
  const target = await cloned(served);
  const blob = (await person(target, ["rev-parse", `HEAD:${PROXY}`])).text.trim();
  const tree = execFileSync(
    "git",
    ["-C", target, "hash-object", "-t", "tree", "-w", "--stdin", "--literally"],
    {
      input: Buffer.concat([Buffer.from("100644 .git\0"), Buffer.from(blob, "hex")]),
      encoding: "utf8",
    },
  ).trim();
  const commitId = (
    await person(target, ["commit-tree", "-p", "HEAD", "-m", "x", tree])
  ).text.trim();
  const { status, text } = await person(target, ["push", "origin", `${commitId}:main`]);
  assert.notEqual(status, 0, text);
  assert.match(text, /hasDotgit/);
  assert.equal(git(served.gitDir, "rev-parse", "main").trim(), served.live);
});

/** One POST; resolves with status and text. */
async function post(
  { port }: Served,
  service: string,
  body: Buffer,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; text: string }> {
  const request = httpRequest({
    port,
    agent: false,
    method: "POST",
    path: `/r.git/${service}`,
    headers: { "content-type": `application/x-${service}-request`, ...headers },
  });
  request.end(body);
  const cutOff = once(request, "error").then(() => undefined);
  const response = await Promise.race([once(request, "response"), cutOff]).catch(() => undefined);
  if (!response) return { status: 0, text: "(cut off)" };
  const [message] = response as [IncomingMessage];
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of message) chunks.push(Buffer.from(chunk as Buffer));
  } catch {
    chunks.push(Buffer.from("(cut off)"));
  }
  return { status: message.statusCode ?? 0, text: Buffer.concat(chunks).toString("latin1") };
}

const LS_REFS = "0014command=ls-refs\n00010000";

it("unpacks gzip, and refuses what unpacks to too much, what is no gzip and what is packed otherwise", async (test) => {
  const served = await serve(test);
  const protocol = { "git-protocol": "version=2" };
  const gzip = { ...protocol, "content-encoding": "gzip" };
  const packed = await post(served, "git-upload-pack", gzipSync(Buffer.from(LS_REFS)), gzip);
  assert.match(packed.text, /refs\/heads\/live/);
  const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024, LS_REFS));
  assert.ok(bomb.length < 1024 * 1024);
  const bombed = await post(served, "git-upload-pack", bomb, gzip);
  assert.match(bombed.text, /larger than 8 MB|\(cut off\)$/);
  const pushed = await post(served, "git-receive-pack", bomb, gzip);
  assert.equal(pushed.status, 400);
  assert.match(pushed.text, /larger than 64 MB/);
  assert.equal((await post(served, "git-receive-pack", Buffer.from("x"), gzip)).status, 400);
  const odd = { ...protocol, "content-encoding": "br" };
  assert.match((await post(served, "git-upload-pack", Buffer.from("x"), odd)).text, /than gzip/);
});

it("answers 100-continue, and a client that leaves in the midst of a push leaves nothing behind", async (test) => {
  const served = await serve(test);
  const socket = connect(served.port, "127.0.0.1");
  socket.write(
    "POST /r.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-git-receive-pack-request\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n",
  );
  const [head] = (await once(socket, "data")) as [Buffer];
  assert.match(head.toString(), /^HTTP\/1.1 100 /);
  socket.write("0000 something");
  await new Promise((resolve) => setTimeout(resolve, 100));
  socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(readdirSync(join(served.folder, "pushes")), []);
  assert.equal((await person(served.folder, ["ls-remote", served.url])).status, 0);
  assert.equal(existsSync(join(served.gitDir, "refs/heads/main.lock")), false);
});

it("serves 32 at once and turns the next one away", async (test) => {
  const served = await serve(test);
  const sockets = Array.from({ length: EXCHANGES_MAX }, () => {
    const socket = connect(served.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(
      "POST /r.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-git-receive-pack-request\r\nContent-Length: 1000\r\n\r\n0",
    );
    return socket;
  });
  test.after(() => sockets.forEach((socket) => socket.destroy()));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const { status, text } = await person(served.folder, ["ls-remote", served.url]);
  assert.notEqual(status, 0);
  assert.match(text, /503/);
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal((await person(served.folder, ["ls-remote", served.url])).status, 0);
});

it("waits with a push while this process writes the repository, and takes it then", async (test) => {
  const served = await serve(test);
  const target = await cloned(served);
  await commit(target, PROXY, "2");
  const writing = Promise.withResolvers<void>();
  const written = served.own.write(() => writing.promise);
  const pushing = person(target, ["push", "-q", "origin", "HEAD:main"]);
  await new Promise((resolve) => setTimeout(resolve, 700));
  assert.equal(git(served.gitDir, "rev-parse", "main").trim(), served.live);
  writing.resolve();
  await written;
  const { status, text } = await pushing;
  assert.equal(status, 0, text);
  assert.notEqual(git(served.gitDir, "rev-parse", "main").trim(), served.live);
});

it("ends git when nothing has moved for a minute", async (test) => {
  const served = await serve(test);
  const clock = new FakeClock();
  const log = new MemoryLog();
  const spoolFolder = join(served.folder, "others");
  const backend = new HttpBackend({ repository: served.own, spoolFolder, log, clock });
  const body = new PassThrough();
  const answer = await backend.answer({
    request: { service: "git-upload-pack", step: "exchange" },
    protocol: "version=2",
    user: "alice",
    body,
    encoding: undefined,
    signal: new AbortController().signal,
    afterPush: () => Promise.resolve(),
  });
  const refused = assert.rejects(readAll(answer.body), /nothing has moved for 60 s/);
  clock.advance(59_000);
  assert.equal(answer.body.destroyed, false);
  clock.advance(1_000);
  await refused;
  await answer.over;
});
