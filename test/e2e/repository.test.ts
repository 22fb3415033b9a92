/**
 * The manager's repository over https between separate homes: a registered worker "on another machine" follows it, a removed one
 * does not any more, and a person clones, signs and pushes with plain git. One manager for the whole file.
 */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { writeServerHome } from "../../src/config/server-home.ts";
import { PACKAGE_ROOT } from "../../src/runtime/product.ts";
import { ELSEWHERE } from "../helpers/elsewhere.ts";
import { freeOffset } from "../helpers/free-offset.ts";
import { eventually, request } from "../helpers/http-request.ts";
import { NodeProcess, runBascule } from "../helpers/node-process.ts";

const dir = mkdtempSync(join(tmpdir(), "bascule-repository-"));
const running: NodeProcess[] = [];
let offset = 0;
let worker: NodeProcess;

const homeOf = (name: string): string => join(dir, name);
const port = (): number => 9443 + offset;
const sequence = (name: string, text: string): string =>
  `<sequence xmlns="http://ws.apache.org/ns/synapse" name="${name}"><log><property name="t" value="${text}"/></log></sequence>`;

function makeHome(name: string, index: number): void {
  const isManager = name === "manager";
  writeServerHome(join(PACKAGE_ROOT, "conf"), homeOf(name), {
    role: isManager ? "manager" : "worker",
    hostName: "esb.localhost",
    mgtHostName: "mgt.esb.localhost",
    bindAddress: "127.0.0.1",
    portOffset: offset + Math.max(0, index - 1),
    managementPorts: isManager ? { http: 9763, https: 9443 } : { http: 9764, https: 9444 },
    gatewayPorts: undefined,
    domain: "repository.test",
    clusterHost: "127.0.0.1",
    clusterPort: isManager ? 4100 + offset : 4100 + 100 * index + offset,
    members: [{ host: "127.0.0.1", port: 4100 + offset }],
    groupPasswordFile: "conf/cluster-password",
  });
}

function startNode(name: string, environment: Readonly<Record<string, string>> = {}): NodeProcess {
  const role = name === "manager" ? "-Dsetup" : "-DworkerNode=true";
  const node = new NodeProcess(["server", "--home", homeOf(name), role], environment);
  running.push(node);
  return node;
}

async function atManager(...args: readonly string[]): Promise<string> {
  const { status, text } = await runBascule([...args, "--home", homeOf("manager")]);
  assert.equal(status, 0, text);
  return text.trim();
}

function password(): string {
  const file = join(homeOf("manager"), "repository/database/initial-admin-password");
  return readFileSync(file, "utf8").trim();
}

const authority = (): string => join(homeOf("manager"), "conf/tls/node.crt");

/** Plain git of a person, in the folder. */
function git(
  folder: string,
  ...args: readonly string[]
): Promise<{ status: number; text: string }> {
  const config = {
    "http.sslCAInfo": authority(),
    "user.name": "Alice",
    "user.email": "alice@esb.test",
    "gpg.format": "ssh",
    "user.signingkey": join(dir, "alice.pub"),
  };
  const options = Object.entries(config).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
  const env = { PATH: process.env["PATH"], HOME: dir, GIT_TERMINAL_PROMPT: "0" };
  const { promise, resolve } = Promise.withResolvers<{ status: number; text: string }>();
  execFile("git", [...options, ...args], { env, cwd: folder }, (error, stdout, stderr) =>
    resolve({ status: error ? Number(error.code) : 0, text: stdout + stderr }),
  );
  return promise;
}

function url(user: string, secret: string): string {
  return `https://${user}:${encodeURIComponent(secret)}@127.0.0.1:${port()}/repository.git`;
}

/** Puts an artifact into the clone and commits it. */
async function commit(name: string, text: string, ...options: readonly string[]): Promise<string> {
  const clone = join(dir, "clone");
  const file = join(clone, `synapse-configs/default/sequences/${name}.xml`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, sequence(name, text));
  await git(clone, "add", "-A");
  const made = await git(clone, "commit", "-qm", `${name} by hand`, ...options);
  assert.equal(made.status, 0, made.text);
  return (await git(clone, "rev-parse", "HEAD")).text.trim();
}

async function revisionOf(name: string): Promise<string | undefined> {
  const home = homeOf(name);
  const management = port() + (name === "manager" ? 0 : 1);
  const { body } = await request(`https://127.0.0.1:${management}/management/server`, {
    ca: readFileSync(join(home, "conf/tls/node.crt"), "utf8"),
  });
  const { revision } = JSON.parse(body) as { revision: string | null };
  return revision ?? undefined;
}

function runs(name: string, revision: string): Promise<boolean> {
  return eventually(`${name} runs ${revision}`, async () =>
    (await revisionOf(name)) === revision ? true : undefined,
  );
}

before(async () => {
  offset = await freeOffset(3);
  for (const [index, name] of ["manager", "wrk-1"].entries()) makeHome(name, index);
  const made = await runBascule(["init-cluster", "--home", homeOf("manager")]);
  assert.equal(made.status, 0, made.text);
  await startNode("manager").line(/Bascule manager manager started/, 40_000);
  const token = await atManager("join-token");
  const where = ["--home", homeOf("wrk-1"), "--manager", `127.0.0.1:${port()}`];
  const { status, text } = await runBascule(["register-node", ...where, "--token", "env:TOKEN"], {
    TOKEN: token,
  });
  assert.equal(status, 0, text);
  worker = startNode("wrk-1", { NODE_OPTIONS: ELSEWHERE });
  await worker.line(/Bascule worker wrk-1 started/, 40_000);
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(dir, "alice")]);
});

after(async () => {
  await Promise.all(running.map((node) => node.stop()));
  rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
});

test("a registered worker on another machine fetches over https and runs what is deployed", async () => {
  writeFileSync(join(dir, "S.xml"), sequence("S", "1"));
  const text = await atManager("deploy", join(dir, "S.xml"));
  const [, revision = ""] = /([0-9a-f]{40})/.exec(text) ?? [];
  await runs("wrk-1", revision);
  // The mirror came over https: git was given the manager's certificate.
  assert.ok(existsSync(join(homeOf("wrk-1"), "repository/depsync/manager.pem")));
});

test("nobody reads without a login, users read, and a node's token does not push", async () => {
  const nobody = await git(dir, "ls-remote", `https://127.0.0.1:${port()}/repository.git`);
  assert.notEqual(nobody.status, 0);
  const wrong = await git(dir, "ls-remote", url("admin", "wrong"));
  assert.match(wrong.text, /Authentication failed/);
  const { name, token } = JSON.parse(
    readFileSync(join(homeOf("wrk-1"), "conf/trust/registration.json"), "utf8"),
  ) as { name: string; token: string };
  const ask = (service: string, credentials: string) =>
    request(`https://127.0.0.1:${port()}/repository.git/info/refs?service=${service}`, {
      ca: readFileSync(authority(), "utf8"),
      headers: { "x-bascule-node": credentials },
    });
  assert.equal((await ask("git-upload-pack", `${name}:${token}`)).status, 200);
  const push = await ask("git-receive-pack", `${name}:${token}`);
  assert.equal(push.status, 403);
  assert.match(push.body, /nodes read this repository/);
  assert.equal((await ask("git-upload-pack", `${name}:wrong`)).status, 403);
});

test("a person clones, is refused unsigned, becomes known, signs, pushes, and sees it live", async () => {
  const clone = join(dir, "clone");
  const cloned = await git(dir, "clone", "-q", url("admin", password()), clone);
  assert.equal(cloned.status, 0, cloned.text);

  const unsigned = await commit("Pushed", "1");
  const refused = await git(clone, "push", "origin", "HEAD:main");
  assert.equal(refused.status, 0, refused.text);
  assert.match(refused.text, /remote: .*was not deployed/);
  assert.match(refused.text, new RegExp(`remote: commit ${unsigned} by Alice is not signed`));
  assert.match(refused.text, /bascule signers add NAME KEY.pub/);

  const added = await atManager("signers", "add", "alice@esb.test", join(dir, "alice.pub"));
  assert.match(added, /alice@esb.test signs are deployed/);
  assert.match(await atManager("signers", "list"), /alice@esb.test +ssh-ed25519 +SHA256:/);

  // What was refused was left out by that deploy: it is pulled, and the work is done again on top.
  await git(clone, "fetch", "-q");
  await git(clone, "reset", "-q", "--hard", "origin/main");
  const signed = await commit("Pushed", "2", "-S");
  const pushed = await git(clone, "push", "origin", "HEAD:main");
  assert.equal(pushed.status, 0, pushed.text);
  assert.match(pushed.text, new RegExp(`remote: ${signed.slice(0, 12)} is live`));
  await runs("wrk-1", signed);
});

test("a signed push that is faulty is refused with file and line, and one that mends it goes live", async () => {
  const clone = join(dir, "clone");
  await commit("Broken", '"/></log><nonsense/><log><property name="x" value="', "-S");
  const refused = await git(clone, "push", "origin", "HEAD:main");
  assert.match(refused.text, /remote: .*sequences\/Broken.xml:1: /);
  const mended = await commit("Broken", "mended", "-S");
  const pushed = await git(clone, "push", "origin", "HEAD:main");
  assert.match(pushed.text, new RegExp(`remote: ${mended.slice(0, 12)} is live`));
});

test("a signer who was removed deploys no more", async () => {
  await atManager("signers", "remove", "alice@esb.test");
  const clone = join(dir, "clone");
  await git(clone, "pull", "-q", "--ff-only", "origin", "main");
  await commit("Pushed", "3", "-S");
  const refused = await git(clone, "push", "origin", "HEAD:main");
  assert.match(refused.text, /is signed by the unknown key SHA256:/);
  const { status, text } = await runBascule([
    "signers",
    "add",
    "alice",
    join(dir, "alice"),
    "--home",
    homeOf("manager"),
  ]);
  assert.equal(status, 1);
  assert.match(text, /it is a private key/);
});

test("a node that was removed reads no more", async () => {
  const { name, token } = JSON.parse(
    readFileSync(join(homeOf("wrk-1"), "conf/trust/registration.json"), "utf8"),
  ) as { name: string; token: string };
  await atManager("node", "remove", "wrk-1");
  const { status } = await request(
    `https://127.0.0.1:${port()}/repository.git/info/refs?service=git-upload-pack`,
    {
      ca: readFileSync(authority(), "utf8"),
      headers: { "x-bascule-node": `${name}:${token}` },
    },
  );
  assert.equal(status, 403);
});
