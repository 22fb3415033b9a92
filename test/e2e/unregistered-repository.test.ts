/**
 * A cluster without an authority, as WSO2's configuration files make it: a worker "on another machine" reads the manager's
 * repository over https, known by the certificate that it tells through membership. The manager has AutoCommit off, and a
 * second worker AutoCheckout.
 */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { writeServerHome } from "../../src/config/server-home.ts";
import { readServerIdentity } from "../../src/net/tls/tls-files.ts";
import { identityFingerprint } from "../../src/net/tls/certificate-fingerprint.ts";
import { memberProof } from "../../src/net/trust/member-proof.ts";
import { PACKAGE_ROOT } from "../../src/runtime/product.ts";
import { ELSEWHERE } from "../helpers/elsewhere.ts";
import { freeOffset } from "../helpers/free-offset.ts";
import { eventually, request } from "../helpers/http-request.ts";
import { NodeProcess, runBascule } from "../helpers/node-process.ts";

const dir = mkdtempSync(join(tmpdir(), "bascule-plain-"));
const running: NodeProcess[] = [];
let offset = 0;

const homeOf = (name: string): string => join(dir, name);
const certificateOf = (name: string): string => join(homeOf(name), "conf/tls/node.crt");

function makeHome(name: string): void {
  const isManager = name === "manager";
  writeServerHome(join(PACKAGE_ROOT, "conf"), homeOf(name), {
    role: isManager ? "manager" : "worker",
    hostName: "esb.localhost",
    mgtHostName: "mgt.esb.localhost",
    bindAddress: "127.0.0.1",
    portOffset: offset + (name === "lonely" ? 1 : 0),
    managementPorts: isManager ? { http: 9763, https: 9443 } : { http: 9764, https: 9444 },
    gatewayPorts: undefined,
    domain: "plain.test",
    clusterHost: "127.0.0.1",
    clusterPort: offset + (isManager ? 4100 : name === "lonely" ? 4300 : 4200),
    members: [{ host: "127.0.0.1", port: 4100 + offset }],
    groupPasswordFile: "../cluster.secret",
  });
}

async function start(name: string, environment: Readonly<Record<string, string>>): Promise<void> {
  const role = name === "manager" ? "-Dsetup" : "-DworkerNode=true";
  const node = new NodeProcess(["server", "--home", homeOf(name), role], environment);
  running.push(node);
  await node.line(new RegExp(`Bascule (manager|worker) ${name} started`), 40_000);
}

function setInCarbon(name: string, element: string, value: string): void {
  const file = join(homeOf(name), "conf/carbon.xml");
  const old = readFileSync(file, "utf8");
  const changed = old.replace(
    new RegExp(`<${element}>[a-z]+</${element}>`),
    `<${element}>${value}</${element}>`,
  );
  assert.notEqual(changed, old);
  writeFileSync(file, changed);
}

/** Puts a sequence into the deployment folder of a home. */
function save(name: string, artifact: string): void {
  const folder = join(
    homeOf(name),
    "repository/deployment/server/synapse-configs/default/sequences",
  );
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${artifact}.xml`), sequence(artifact));
}

const sequence = (name: string): string =>
  `<sequence xmlns="http://ws.apache.org/ns/synapse" name="${name}"/>`;

/** What a worker's management port says of its artifacts. */
async function artifactsOf(name: string): Promise<string> {
  const port = 9444 + offset + (name === "lonely" ? 1 : 0);
  const { body } = await request(`https://127.0.0.1:${port}/management/artifacts`, {
    ca: readFileSync(certificateOf(name), "utf8"),
  });
  return body;
}

function identityOf(name: string) {
  const certificateFile = certificateOf(name);
  const keyFile = join(homeOf(name), "conf/tls/node.key");
  return readServerIdentity({ kind: "pem", certificateFile, keyFile });
}

function refs(headers: Readonly<Record<string, string>>, service = "git-upload-pack") {
  return request(`https://127.0.0.1:${9443 + offset}/repository.git/info/refs?service=${service}`, {
    ca: readFileSync(certificateOf("manager"), "utf8"),
    headers,
  });
}

before(async () => {
  offset = await freeOffset(3);
  writeFileSync(join(dir, "cluster.secret"), "a secret of the cluster\n", { mode: 0o600 });
  for (const name of ["manager", "worker", "lonely"]) makeHome(name);
  setInCarbon("manager", "AutoCommit", "false");
  setInCarbon("lonely", "AutoCheckout", "false");
  save("manager", "Dropped");
  save("lonely", "Own");
  await start("manager", {});
  await start("worker", { NODE_OPTIONS: ELSEWHERE });
  await start("lonely", {});
});

after(async () => {
  await Promise.all(running.map((node) => node.stop()));
  rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
});

test("a worker on another machine runs what the manager deploys", async () => {
  const file = join(dir, "S.xml");
  writeFileSync(file, sequence("S"));
  const words = ["deploy", file, "--without", "lonely", "--home", homeOf("manager")];
  const { status, text } = await runBascule(words);
  assert.equal(status, 0, text);
  const [, revision = ""] = /([0-9a-f]{40})/.exec(text) ?? [];
  await eventually(`the worker runs ${revision}`, async () =>
    (await artifactsOf("worker")).includes(revision) ? true : undefined,
  );
  assert.ok(existsSync(join(homeOf("worker"), "repository/depsync/manager.pem")));
});

test("only a worker that membership knows reads it, with a proof for this very manager", async () => {
  const manager = identityFingerprint(identityOf("manager")) ?? "";
  const proof = memberProof(identityOf("worker"), manager) ?? "";
  assert.equal((await refs({ "x-bascule-member": proof })).status, 200);
  const push = await refs({ "x-bascule-member": proof }, "git-receive-pack");
  assert.equal(push.status, 403);
  const other = memberProof(identityOf("worker"), "another manager") ?? "";
  assert.equal((await refs({ "x-bascule-member": other })).status, 403);
  const own = memberProof(identityOf("manager"), manager) ?? "";
  assert.equal((await refs({ "x-bascule-member": own })).status, 403);
  assert.equal((await refs({})).status, 401);
});

test("a manager without AutoCommit takes no saved files, and a worker without AutoCheckout runs its own", async () => {
  assert.match(await artifactsOf("worker"), /"S"/);
  assert.doesNotMatch(await artifactsOf("worker"), /"Dropped"/);
  assert.match(await artifactsOf("lonely"), /"Own"/);
  assert.doesNotMatch(await artifactsOf("lonely"), /"S"/);
});
