/**
 * Who commands a registered worker, by real TLS: whoever has the cluster's secret may join as a manager and name a certificate as
 * one's own, and whoever has a worker's home has a certificate of the internal authority. Neither opens a door.
 */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test, type TestContext } from "node:test";
import { MEMBER_PROPERTIES } from "../../../src/cluster/member-properties.ts";
import { fingerprintOf } from "../../../src/net/tls/certificate-fingerprint.ts";
import { certifyNode } from "../../../src/net/tls/certify-node.ts";
import {
  type CertificateAndKey,
  makeAuthority,
  makeLeaf,
} from "../../../src/net/tls/local-certificates.ts";
import {
  makeNodeKeyPair,
  type NodeCertificateRole,
} from "../../../src/net/tls/node-certificate.ts";
import type { TrustMaterial } from "../../../src/net/trust/trust-material.ts";
import { TrustView } from "../../../src/net/trust/trust-view.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { makeMember } from "../../helpers/recording-cluster.ts";
import { workerFixture } from "./worker-fixture.ts";

const authority = await makeAuthority("The cluster's authority");
const another = await makeAuthority("The cluster's authority");

async function certified(
  name: string,
  role: NodeCertificateRole,
  from = authority,
): Promise<CertificateAndKey> {
  const { publicKey, privateKey: key } = makeNodeKeyPair();
  return { certificate: await certifyNode({ name, role }, publicKey, from), key };
}

const REVISION = "1".repeat(40);
const OLDER = "0".repeat(40);
/** All that only a manager may ask; the last one would switch the worker. */
const DOORS = [
  ["GET", "/logs", undefined],
  ["GET", "/traces", undefined],
  ["GET", "/node/deployment/outcomes", undefined],
  ["POST", "/node/resume", {}],
  ["POST", "/node/drain", '{"deadlineMs":0,"then":"stop"}'],
  ["POST", "/node/deployment/stage", { deployment: 1, commit: OLDER }],
  ["POST", "/node/deployment/activate", { commit: OLDER }],
] as const;

const MEMBERS: TrustMaterial["members"] = [
  { name: "manager", role: "manager" },
  { name: "wrk-1", role: "worker" },
];

async function registeredWorker(context: TestContext, revoked: readonly string[] = []) {
  const trust = new TrustView(systemClock);
  const lists = { secrets: ["secret"], allowedSigners: "", members: MEMBERS, revoked };
  trust.take({ generation: 1, authority: authority.certificate, ...lists });
  const fixture = await workerFixture(context, () => "", REVISION, trust);
  /** Joins as a manager that tells this certificate, as whoever has the secret can, and knocks at every door with it. */
  const statuses = async (who: CertificateAndKey, name = "manager"): Promise<readonly number[]> => {
    const fingerprint = fingerprintOf(new X509Certificate(who.certificate));
    const properties = { [MEMBER_PROPERTIES.managementCertificate]: fingerprint };
    const member = makeMember({ id: `of ${fingerprint}`, name, role: "manager", properties });
    fixture.cluster.members = () => [fixture.cluster.self, member];
    const agent = fixture.agentOf(who);
    const given: number[] = [];
    for (const [method, path, body] of DOORS)
      given.push((await fixture.ask(method, path, body, agent)).status);
    return given;
  };
  return { ...fixture, trust, statuses };
}

const ALL_CLOSED = DOORS.map(() => 403);

test("whoever joined as a manager with the secret alone opens no door of a registered worker", async (context) => {
  const { statuses, worker, ends } = await registeredWorker(context);
  const strangers = [
    await makeLeaf(["mgt.esb.test"], another),
    // With every name right, of an authority of the same name.
    await certified("manager", "manager", another),
    // A certificate of another kind, which the right authority has signed.
    await makeLeaf(["manager"], authority),
  ];
  for (const stranger of strangers) assert.deepEqual(await statuses(stranger), ALL_CLOSED);
  assert.deepEqual([worker.revision, worker.isDraining, ends], [REVISION, false, []]);
});

test("another node's certificate commands no worker, though its member record says manager", async (context) => {
  const { statuses } = await registeredWorker(context);
  for (const role of ["worker", "gateway"] as const)
    assert.deepEqual(await statuses(await certified("wrk-1", role), "wrk-1"), ALL_CLOSED, role);
});

test("a manager that was removed commands no worker, also when nobody remembers its certificate any more", async (context) => {
  const removed = await certified("manager", "manager");
  const fingerprint = fingerprintOf(new X509Certificate(removed.certificate));
  const remembered = await registeredWorker(context, [fingerprint]);
  assert.deepEqual(await remembered.statuses(removed), ALL_CLOSED);
  const forgotten = await registeredWorker(context);
  const gone = await certified("manager-2", "manager");
  assert.deepEqual(await forgotten.statuses(gone, "manager-2"), ALL_CLOSED);
});

test("a registered manager opens them, also with a certificate that membership does not tell yet", async (context) => {
  const { ask, agentOf, cluster, ends } = await registeredWorker(context);
  cluster.members = () => [cluster.self];
  const agent = agentOf(await certified("manager", "manager"));
  assert.equal((await ask("GET", "/logs", undefined, agent)).status, 200);
  assert.equal((await ask("GET", "/node/deployment/outcomes", undefined, agent)).status, 200);
  const order = '{"deadlineMs":60000,"then":"stay"}';
  const drain = await ask("POST", "/node/drain", order, agent);
  assert.deepEqual([drain.status, ends], [200, []]);
});

test("a worker that was removed says at /health/ready that it is not ready", async (context) => {
  const { ask, trust } = await registeredWorker(context);
  assert.equal((await ask("GET", "/health/ready")).status, 200);
  trust.expel();
  const { status, body } = await ask("GET", "/health/ready");
  assert.deepEqual(
    [status, JSON.parse(body)],
    [503, { status: "removed", missing: "a registration" }],
  );
});
