/**
 * Whose word stops a node: it is told "removed" by real TLS servers that have other certificates than a manager of its cluster,
 * at the manager's address and at one that membership names. Only the manager is believed, and only it sees the node's token.
 */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { NodeTrust } from "../../../src/cli/trust/node-trust.ts";
import { type Standing, TrustFollower } from "../../../src/cli/trust/trust-follower.ts";
import { fingerprintOf } from "../../../src/net/tls/certificate-fingerprint.ts";
import { certifyNode } from "../../../src/net/tls/certify-node.ts";
import { makeAuthority } from "../../../src/net/tls/local-certificates.ts";
import {
  makeNodeKeyPair,
  type NodeCertificateRole,
} from "../../../src/net/tls/node-certificate.ts";
import type { ServerIdentity } from "../../../src/net/tls/tls-files.ts";
import { TrustHome } from "../../../src/net/trust/trust-home.ts";
import type { TrustMaterial } from "../../../src/net/trust/trust-material.ts";
import { TrustView } from "../../../src/net/trust/trust-view.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { until } from "../../helpers/gateway-fixture.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { makeMember } from "../../helpers/recording-cluster.ts";
import { ToldCluster } from "../../helpers/told-cluster.ts";

const authority = await makeAuthority("The cluster's authority");
const another = await makeAuthority("The cluster's authority");

/** With its authority behind it, as nodes show theirs. */
async function certified(
  name: string,
  role: NodeCertificateRole,
  from = authority,
): Promise<ServerIdentity & { readonly cert: string; readonly key: string }> {
  const { publicKey, privateKey: key } = makeNodeKeyPair();
  const certificate = await certifyNode({ name, role }, publicKey, from);
  return { cert: certificate + from.certificate, key };
}

const manager = await certified("manager", "manager");
const withdrawn = await certified("manager", "manager");
const TOKEN = "the-token-of-wrk-1";
const material: TrustMaterial = {
  generation: 1,
  authority: authority.certificate,
  secrets: ["secret"],
  allowedSigners: "",
  members: [{ name: "manager", role: "manager" }],
  revoked: [fingerprintOf(new X509Certificate(withdrawn.cert))],
};

interface Asked {
  readonly url: string | undefined;
  readonly token: unknown;
}

/** Says "removed" to whoever asks; keeps what came. */
async function liar(context: TestContext, identity: ServerIdentity) {
  const asked: Asked[] = [];
  const server = createServer(identity, ({ url, headers }, response) => {
    asked.push({ url, token: headers["x-bascule-node"] });
    response.writeHead(410, { "content-type": "application/json" });
    response.end('{"Error":"wrk-1 was removed","code":"NODE_REMOVED"}');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => void server.close());
  return { asked, place: { host: "127.0.0.1", port: (server.address() as AddressInfo).port } };
}

/** A registered home whose manager is at that place. */
async function registeredHome(context: TestContext, place: { host: string; port: number }) {
  const home = new TrustHome(mkdtempSync(join(tmpdir(), "bascule-removal-")));
  context.after(() => rmSync(home.home, { recursive: true }));
  const own = await certified("wrk-1", "worker");
  home.writeIdentity(own.cert, "", own.key);
  home.writeMaterial(material);
  home.writeRegistration({ name: "wrk-1", role: "worker", id: "1", token: TOKEN, manager: place });
  return home;
}

/** Asks once; what the node then believes, and what was said to it. */
async function ask(
  context: TestContext,
  home: TrustHome,
  others: readonly { host: string; port: number }[] = [],
): Promise<Standing> {
  const view = new TrustView(systemClock);
  view.take(material);
  const follower = new TrustFollower({
    home,
    view,
    managers: () => others,
    onMaterial: () => undefined,
    onCertificate: () => undefined,
    onStanding: () => undefined,
    log: new MemoryLog(),
    clock: systemClock,
  });
  context.after(() => follower.close());
  await follower.ask();
  return follower.standing;
}

test("nobody but a manager of the cluster is believed, or is shown the token", async (context) => {
  const liars = await Promise.all([
    // Who has the secret can join under every name, but not make a certificate of the authority.
    certified("manager", "manager", another),
    certified("wrk-2", "worker"),
    Promise.resolve(withdrawn),
  ]);
  for (const identity of liars) {
    const { asked, place } = await liar(context, identity);
    assert.equal(await ask(context, await registeredHome(context, place)), "taken");
    const nowhere = await registeredHome(context, { host: "127.0.0.1", port: 1 });
    assert.equal(await ask(context, nowhere, [place]), "taken");
    assert.deepEqual(asked, []);
  }
});

test("the manager's word counts, wherever it runs now", async (context) => {
  const { asked, place } = await liar(context, manager);
  const home = await registeredHome(context, place);
  assert.equal(await ask(context, home), "removed");
  const certificate = fingerprintOf(home.certificate());
  assert.deepEqual(asked, [
    {
      url: `/management/cluster/material?have=1&certificate=${certificate}`,
      token: `wrk-1:${TOKEN}`,
    },
  ]);
  const moved = await registeredHome(context, { host: "127.0.0.1", port: 1 });
  assert.equal(await ask(context, moved, [place]), "removed");
});

test("a node that is told at its start does not start; one that runs is told once to end", async (context) => {
  const { place } = await liar(context, manager);
  const log = new MemoryLog();
  const ends: string[] = [];
  const open = async (at: { host: string; port: number }) =>
    NodeTrust.open({
      home: (await registeredHome(context, at)).home,
      groupPassword: undefined,
      publicFiles: undefined,
      name: "wrk-1",
      isAuthority: false,
      onRemoved: () => void ends.push("removed"),
      log,
      clock: systemClock,
    });
  await assert.rejects(open(place), { code: "NODE_REMOVED", message: /register the home/ });
  assert.deepEqual([ends, log.messages("error")], [[], []]);

  const { asked, place: later } = await liar(context, manager);
  const trust = await open({ host: "127.0.0.1", port: 1 });
  context.after(() => trust.close());
  assert.equal(trust.trouble, undefined);
  const moved = new TrustHome(trust.home.home);
  moved.writeRegistration({ ...moved.registration(), manager: later });
  const cluster = new ToldCluster(makeMember({ role: "worker" }));
  trust.joined(cluster);
  for (const id of ["m", "n"])
    cluster.tell({ id, role: "manager", host: later.host, ports: { management: later.port } });
  await until(() => ends.length > 0, "the word");
  assert.deepEqual(ends, ["removed"]);
  assert.ok(asked.length > 0 && trust.view.isExpelled);
  assert.match(trust.trouble ?? "", /was removed from the cluster, and stops/);
  assert.deepEqual(log.messages("error"), [trust.trouble]);
});
