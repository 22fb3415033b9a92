/** Public certificates that are about to expire: what `up` renews by itself, and what a node says of the others. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { planCluster } from "../../../src/cli/up/cluster-plan.ts";
import { writeFirstCertificates } from "../../../src/cli/up/first-certificates.ts";
import { CertifiedStatus } from "../../../src/cli/certified-status.ts";
import { writeLeafFiles } from "../../../src/net/tls/leaf-files.ts";
import { certificatesIn } from "../../../src/net/tls/expiry-watch.ts";
import { makeAuthority, makeLeaf } from "../../../src/net/tls/local-certificates.ts";
import type { NodeStatus } from "../../../src/runtime/node-status.ts";
import { FakeClock } from "../../helpers/fake-clock.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "bascule-certificates-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("`up` renews the certificates that it made when they soon expire, and leaves those of others alone", async (context) => {
  const dir = temporaryFolder(context);
  const plan = planCluster({ dir, workers: 1, offset: 0, sample: false });
  const said: string[] = [];
  const write = (nowMs: number) =>
    writeFirstCertificates(plan, nowMs, (sentence) => said.push(sentence));
  const serial = (node: string): string =>
    new X509Certificate(readFileSync(join(dir, node, "conf/tls/node.crt"))).serialNumber;
  const other = await makeAuthority("somebody else");
  const files = {
    certificateFile: join(dir, "gateway/conf/tls/node.crt"),
    keyFile: join(dir, "gateway/conf/tls/node.key"),
  };
  writeLeafFiles(files, await makeLeaf(["esb.example.com"], other), other);
  await write(Date.now());
  const before = ["manager", "worker-1", "gateway"].map(serial);
  await write(Date.now() + 300 * DAY_MS);
  assert.deepEqual(["manager", "worker-1", "gateway"].map(serial), before);
  assert.deepEqual(said, []);
  await write(Date.now() + 380 * DAY_MS);
  assert.notEqual(serial("manager"), before[0]);
  assert.notEqual(serial("worker-1"), before[1]);
  assert.equal(serial("gateway"), before[2]);
  assert.equal(said.length, 2);
});

test("a node's status and log tell of a certificate that soon expires, until its files are replaced", async (context) => {
  const folder = temporaryFolder(context);
  const place = {
    certificateFile: join(folder, "node.crt"),
    keyFile: join(folder, "node.key"),
  };
  const authority = await makeAuthority("test");
  writeLeafFiles(place, await makeLeaf(["localhost"], authority), authority);
  const log = new MemoryLog();
  const clock = new FakeClock(Date.now() + 390 * DAY_MS);
  const reported: NodeStatus[] = [];
  const statuses = new CertifiedStatus({
    certificates: () => certificatesIn([{ kind: "pem", ...place }]),
    log,
    clock,
    report: (status) => void reported.push(status),
  });
  context.after(() => statuses.close());
  const status: NodeStatus = {
    name: "worker-1",
    role: "worker",
    state: "active",
    pid: 1,
    addresses: [],
    revision: null,
    members: [],
  };
  statuses.report(status);
  const sentence = `The certificate ${place.certificateFile} expires in `;
  assert.ok(reported.at(-1)?.certificateTrouble?.startsWith(sentence));
  assert.ok(log.messages("warn")[0]?.startsWith(sentence));
  clock.wallStartMs = Date.now();
  statuses.look();
  assert.deepEqual(reported.at(-1), status);
});
