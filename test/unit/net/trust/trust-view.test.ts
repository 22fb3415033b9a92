import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { fingerprintOf } from "../../../../src/net/tls/certificate-fingerprint.ts";
import { certifyNode } from "../../../../src/net/tls/certify-node.ts";
import { makeAuthority } from "../../../../src/net/tls/local-certificates.ts";
import {
  makeNodeKeyPair,
  type NodeCertificateRole,
} from "../../../../src/net/tls/node-certificate.ts";
import type { TrustMaterial } from "../../../../src/net/trust/trust-material.ts";
import { TrustView } from "../../../../src/net/trust/trust-view.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";

const own = await makeAuthority("Test");
const other = await makeAuthority("Test");
const { certificate: authority } = own;

async function certificateOf(name: string, role: NodeCertificateRole, from = own) {
  return new X509Certificate(await certifyNode({ name, role }, makeNodeKeyPair().publicKey, from));
}

function materialOf(generation: number, ...names: readonly string[]): TrustMaterial {
  const members = names.map((name) => ({ name, role: "worker" }));
  const lists = { secrets: ["secret"], allowedSigners: "", revoked: [] };
  return { generation, authority, members, ...lists };
}

test("a name that is not registered any more was removed, until it is registered again; a stranger was not", () => {
  const view = new TrustView(new FakeClock());
  const said: boolean[] = [];
  view.take(materialOf(1, "a", "b"));
  const end = view.onChange(() => said.push(view.isRemoved("b")));
  view.take(materialOf(2, "a"));
  assert.deepEqual([view.isRemoved("a"), view.isRemoved("stranger")], [false, false]);
  view.take(materialOf(3, "a", "c"));
  view.take(materialOf(4, "a", "b"));
  assert.equal(view.take(materialOf(2, "a")), false);
  end();
  view.take(materialOf(5, "a"));
  assert.deepEqual(said, [true, true, false]);
});

test("a manager's certificate is one that the authority has made for a manager which is registered now", async () => {
  const view = new TrustView(new FakeClock(Date.now()));
  const manager = await certificateOf("m", "manager");
  assert.equal(view.isManager(manager), false);
  const members = [
    { name: "m", role: "manager" },
    { name: "w", role: "worker" },
  ];
  view.take({ ...materialOf(1), members });
  assert.equal(view.isManager(manager), true);
  const strangers = [
    await certificateOf("m", "manager", other),
    await certificateOf("w", "worker"),
    // A manager by its certificate, but registered as something else, or not any more.
    await certificateOf("w", "manager"),
    await certificateOf("gone", "manager"),
  ];
  for (const one of strangers) assert.equal(view.isManager(one), false, one.subject);
  view.take({ ...materialOf(2), members, revoked: [fingerprintOf(manager)] });
  assert.equal(view.isManager(manager), false);
});
