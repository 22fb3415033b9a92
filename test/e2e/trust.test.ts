/**
 * The trust of a cluster between separate homes and processes: init-cluster on a manager's home, join tokens, register-node on other
 * homes, rotations while all run, and removal. One manager for the whole file; each home is made as an operator makes it.
 */
import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { writeServerHome } from "../../src/config/server-home.ts";
import { PACKAGE_ROOT } from "../../src/runtime/product.ts";
import { freeOffset } from "../helpers/free-offset.ts";
import { eventually, request } from "../helpers/http-request.ts";
import { NodeProcess, runBascule } from "../helpers/node-process.ts";

const dir = mkdtempSync(join(tmpdir(), "bascule-trust-"));
const running: NodeProcess[] = [];
let offset = 0;
/** A token that expires while the first tests run. */
let shortLived = "";
let expiredAtMs = 0;
let manager: NodeProcess;

const homeOf = (name: string): string => join(dir, name);
const secretsOf = (name: string): string =>
  readFileSync(join(homeOf(name), "conf/cluster-password"), "utf8");
const materialOf = (name: string): { members: { name: string }[]; revoked: string[] } =>
  JSON.parse(readFileSync(join(homeOf(name), "conf/trust/material.json"), "utf8"));

/** A home with WSO2's files, as different machines would have them but for the loopback addresses. */
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
    domain: "trust.test",
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

/** A command at the manager; its output without a line break at the end. */
async function atManager(...args: readonly string[]): Promise<string> {
  const { status, text } = await runBascule([...args, "--home", homeOf("manager")]);
  assert.equal(status, 0, text);
  return text.trim();
}

function register(name: string, token: string, place = `127.0.0.1:${9443 + offset}`) {
  const where = ["--home", homeOf(name), "--manager", place];
  return runBascule(["register-node", ...where, "--token", "env:TOKEN"], { TOKEN: token });
}

/** Registers, starts, and waits until the manager sees it. */
async function joined(name: string): Promise<NodeProcess> {
  const { status, text } = await register(name, await atManager("join-token"));
  assert.equal(status, 0, text);
  const node = startNode(name);
  await node.line(new RegExp(`Bascule worker ${name} started`), 20_000);
  await isMember(name);
  return node;
}

function isMember(name: string): Promise<boolean> {
  return eventually(`the manager sees ${name}`, async () => {
    const log = await readLog(name);
    return log.includes("Cluster initialization completed") ? true : undefined;
  });
}

/** The node's log through the manager's relay, which looks at the certificates of both sides. */
async function readLog(name: string): Promise<string> {
  const file = join(homeOf("manager"), "repository/database/initial-admin-password");
  const login = Buffer.from(`admin:${readFileSync(file, "utf8").trim()}`).toString("base64");
  const { body } = await request(`https://127.0.0.1:${9443 + offset}/carbon/nodes/${name}/logs`, {
    headers: { Authorization: `Basic ${login}` },
    ca: readFileSync(join(homeOf("manager"), "conf/tls/node.crt"), "utf8"),
  });
  return body;
}

/** Reads a node's log over the relay again and again until it is told to stop; returns how often, and what failed. */
function load(name: string): { stop(): Promise<{ count: number; failures: readonly string[] }> } {
  const state = { isOver: false };
  let count = 0;
  const failures: string[] = [];
  const work = async (): Promise<void> => {
    while (!state.isOver) {
      const text = await readLog(name);
      count += 1;
      if (!text.includes("Starting Bascule")) failures.push(text.slice(0, 300));
    }
  };
  const workers = [work(), work()];
  return {
    async stop() {
      state.isOver = true;
      await Promise.all(workers);
      return { count, failures };
    },
  };
}

before(async () => {
  offset = await freeOffset(3);
  for (const [index, name] of ["manager", "wrk-1", "wrk-2", "wrk-3"].entries())
    makeHome(name, index);
  const made = await runBascule(["init-cluster", "--home", homeOf("manager")]);
  assert.equal(made.status, 0, made.text);
  manager = startNode("manager");
  await manager.line(/Bascule manager manager started/, 20_000);
  shortLived = await atManager("join-token", "--ttl", "10s");
  expiredAtMs = Date.now() + 10_100;
});

after(async () => {
  await Promise.all(running.map((node) => node.stop()));
  rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
});

test("init-cluster makes a cluster once, and its files are for their owner alone", async () => {
  const again = await runBascule(["init-cluster", "--home", homeOf("manager")]);
  assert.equal(again.status, 1);
  assert.match(again.text, /belongs to a cluster already/);
  const folder = join(homeOf("manager"), "conf/trust");
  for (const path of ["", "authority"])
    assert.equal(statSync(join(folder, path)).mode & 0o777, 0o700);
  for (const path of ["ca.key", "internal-token", "signing.key"])
    assert.equal(statSync(join(folder, "authority", path)).mode & 0o777, 0o600);
  assert.equal(statSync(join(homeOf("manager"), "conf/cluster-password")).mode & 0o777, 0o600);
});

test("a home that registers with a join token joins, and keeps no more than it needs", async () => {
  await joined("wrk-1");
  const folder = join(homeOf("wrk-1"), "conf/trust");
  assert.deepEqual(readdirSync(folder).toSorted(), [
    "allowed_signers",
    "material.json",
    "node.pem",
    "registration.json",
  ]);
  for (const name of readdirSync(folder))
    assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
  assert.equal(secretsOf("wrk-1"), secretsOf("manager"));
  assert.deepEqual(
    materialOf("wrk-1").members.map(({ name }) => name),
    ["manager", "wrk-1"],
  );
});

test("a token that was used, has expired, is damaged or of another cluster registers nobody", async () => {
  const token = await atManager("join-token");
  const [first, second] = [await register("wrk-2", token), await register("wrk-3", token)];
  assert.equal(first.status, 0, first.text);
  assert.equal(second.status, 1);
  assert.match(second.text, /used already, by wrk-2/);

  const [word, fingerprint = "", id, secret = ""] = (await atManager("join-token")).split(".");
  const other = [word, fingerprint.replace(/^./, (c) => (c === "A" ? "B" : "A")), id, secret];
  assert.match((await register("wrk-3", other.join("."))).text, /not a manager of this cluster/);
  const wrong = [word, fingerprint, id, secret.replace(/^./, (c) => (c === "A" ? "B" : "A"))];
  assert.match((await register("wrk-3", wrong.join("."))).text, /is not known to this manager/);
  assert.throws(() => statSync(join(homeOf("wrk-3"), "conf/trust/registration.json")));
  for (const text of [manager.text, second.text]) assert.ok(!text.includes(secret));
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, expiredAtMs - Date.now())));
  assert.match((await register("wrk-3", shortLived)).text, /has expired/);
});

test("secret and certificates are replaced under load: no request fails and nobody leaves", async () => {
  const worker = startNode("wrk-2");
  await worker.line(/Bascule worker wrk-2 started/, 20_000);
  await isMember("wrk-2");
  const earlier = secretsOf("manager");
  const certificate = readFileSync(join(homeOf("wrk-1"), "conf/trust/node.pem"), "utf8");
  const loads = [load("wrk-1"), load("wrk-2")];
  await atManager("secret", "rotate");
  assert.notEqual(secretsOf("manager"), earlier);
  for (const name of ["wrk-1", "wrk-2"]) assert.equal(secretsOf(name), secretsOf("manager"));
  await atManager("certs", "rotate");
  await eventually("another certificate", async () => {
    const now = readFileSync(join(homeOf("wrk-1"), "conf/trust/node.pem"), "utf8");
    return now === certificate ? undefined : true;
  });
  assert.match(await readLog("wrk-1"), /internal certificate was replaced/);
  for (const { count, failures } of await Promise.all(loads.map((one) => one.stop()))) {
    assert.deepEqual(failures, []);
    assert.ok(count > 10, `only ${count} requests`);
  }
  assert.equal(manager.countOf(/Member left|left cluster/), 0, manager.text);
});

test("a removed node is refused by the manager and by membership, and the others go on", async () => {
  const earlier = secretsOf("manager");
  const removed = running.find(({ text }) => text.includes("Bascule worker wrk-2 started"));
  assert.ok(removed);
  await atManager("node", "remove", "wrk-2");
  assert.notEqual(secretsOf("wrk-1"), earlier);
  assert.equal(materialOf("wrk-1").revoked.length >= 1, true);
  assert.ok(!materialOf("wrk-1").members.some(({ name }) => name === "wrk-2"));
  await manager.line(/A node at 127\.0\.0\.1 was refused/, 15_000);
  await manager.line(/Member left \[.*\]: .*\{reason=refused\}/, 5_000);
  assert.equal(secretsOf("wrk-2").includes(secretsOf("wrk-1").trim()), false);
  assert.match(await readLog("wrk-1"), /Cluster initialization completed/);
  assert.doesNotMatch(await atManager("node", "list"), /wrk-2/);
});

test("the removed node hears it from its manager, ends with status 77, and does not start again", async () => {
  const removed = running.find(({ text }) => text.includes("Bascule worker wrk-2 started"));
  assert.equal(await removed?.ended, 77);
  assert.equal(removed?.countOf(/ ERROR /), 1, removed?.text);
  assert.match(removed?.text ?? "", /ERROR .*was removed from the cluster, and stops: .*register/);
  await assert.rejects(request(`http://127.0.0.1:${8280 + offset + 1}/services/`), /ECONNREFUSED/);
  const again = startNode("wrk-2");
  assert.equal(await again.ended, 77);
  assert.equal(again.countOf(/was removed from the cluster/), 1, again.text);
  assert.equal(again.countOf(/started in/), 0);
});

test("a gateway that is removed finishes and ends in the same way", async () => {
  const home = homeOf("gw-1");
  mkdirSync(join(home, "conf"), { recursive: true });
  writeFileSync(
    join(home, "conf/gateway.conf"),
    `pid ${home}/gateway.pid; error_log stderr info;
     cluster { domain trust.test; local_member_host 127.0.0.1; local_member_port ${4000 + offset};
       member 127.0.0.1:${4100 + offset}; group_password_file cluster-password; node_name gw-1; }
     http { server { listen 127.0.0.1:${8080 + offset}; return 204; } }`,
  );
  const { status, text } = await register("gw-1", await atManager("join-token"));
  assert.equal(status, 0, text);
  const gateway = new NodeProcess(["gateway", "-p", home]);
  running.push(gateway);
  await gateway.line(/Bascule gateway gw-1 started/, 20_000);
  assert.match(
    await atManager("node", "list"),
    /gw-1 +gateway .*certificate until .*, 39\d days$/m,
  );
  await atManager("node", "remove", "gw-1");
  assert.equal(await gateway.ended, 77);
  assert.equal(gateway.countOf(/ERROR .*was removed from the cluster, and stops/), 1, gateway.text);
});

test("autocluster.first registers a clean home with the token in its file, which is used up", async () => {
  writeFileSync(join(homeOf("wrk-3"), "conf/join-token"), await atManager("join-token"));
  const first = `127.0.0.1:${9443 + offset}`;
  const node = startNode("wrk-3", { BASCULE_AUTOCLUSTER_FIRST: first });
  await node.line(/Registered as wrk-3 with the manager/);
  await node.line(/Bascule worker wrk-3 started/, 20_000);
  await isMember("wrk-3");
  assert.ok(!readdirSync(join(homeOf("wrk-3"), "conf")).includes("join-token"));
});
