import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, it } from "node:test";
import { certifiedNode, makeNodeKeyPair } from "../../../../src/net/tls/node-certificate.ts";
import { fingerprintOf } from "../../../../src/net/tls/certificate-fingerprint.ts";
import { proveKey } from "../../../../src/net/trust/key-proof.ts";
import { TrustFixture } from "../../../helpers/trust-fixture.ts";

const refused = { code: "JOIN_REFUSED" };

describe("registration", () => {
  it("certifies the node's own key, under its name and role, by the internal authority", async () => {
    await using trust = await TrustFixture.make();
    const { certificate, material, pair } = await trust.register("wrk-1");
    const parsed = new X509Certificate(certificate);
    const authority = new X509Certificate(material.authority);
    assert.deepEqual(certifiedNode(parsed, authority, Date.now()), {
      name: "wrk-1",
      role: "worker",
    });
    assert.equal(parsed.publicKey.export({ type: "spki", format: "pem" }), pair.publicKey);
    assert.deepEqual(
      material.members.map(({ name }) => name),
      ["manager", "wrk-1"],
    );
  });

  it("takes a token once, also of two requests at once", async () => {
    await using trust = await TrustFixture.make();
    const token = await trust.token();
    const both = await Promise.allSettled([
      trust.register("wrk-1", token),
      trust.register("wrk-2", token),
    ]);
    assert.deepEqual(
      both.map(({ status }) => status),
      ["fulfilled", "rejected"],
    );
  });

  it("refuses a token that has expired, and one with another secret, without using it up", async () => {
    await using trust = await TrustFixture.make();
    const token = await trust.token(60);
    const other = { ...token, secret: "A".repeat(43) };
    await assert.rejects(trust.register("wrk-1", other), refused);
    trust.clock.advance(60_000);
    await assert.rejects(trust.register("wrk-1", token), refused);
    await trust.register("wrk-1");
  });

  it("refuses a name that is taken, and leaves the token for another try", async () => {
    await using trust = await TrustFixture.make();
    await trust.register("wrk-1");
    const token = await trust.token();
    await assert.rejects(trust.register("wrk-1", token), refused);
    await trust.register("wrk-2", token);
  });

  it("refuses a key that the node does not prove to have", async () => {
    await using trust = await TrustFixture.make();
    const token = await trust.token();
    const [mine, theirs] = [makeNodeKeyPair(), makeNodeKeyPair()];
    const claim = { name: "wrk-1", occasion: token.id, publicKey: theirs.publicKey };
    const proof = proveKey(claim, mine.privateKey);
    const request = { token, name: "wrk-1", role: "worker", publicKey: theirs.publicKey, proof };
    await assert.rejects(trust.authority.register({ ...request, role: "worker" }), {
      code: "REQUEST_INVALID",
    });
  });

  it("keeps neither token nor secret in the database or the log", async () => {
    await using trust = await TrustFixture.make();
    const token = await trust.token();
    const record = await trust.store.trust.findToken(token.id);
    assert.ok(record && !JSON.stringify(record).includes(token.secret));
    assert.ok(!JSON.stringify(trust.log).includes(token.secret));
  });
});

describe("a registered node", () => {
  it("is known by its own token, which is no other node's", async () => {
    await using trust = await TrustFixture.make();
    const [one, two] = [await trust.register("wrk-1"), await trust.register("wrk-2")];
    assert.equal((await trust.authority.authenticate(`wrk-1:${one.token}`)).name, "wrk-1");
    await assert.rejects(trust.authority.authenticate(`wrk-1:${two.token}`), refused);
    await assert.rejects(trust.authority.authenticate("nobody"), refused);
  });

  it("loses token and certificate when it is removed, also when its name is registered again", async () => {
    await using trust = await TrustFixture.make();
    const before = await trust.register("wrk-1");
    await trust.authority.remove("wrk-1");
    await assert.rejects(trust.authority.authenticate(`wrk-1:${before.token}`), refused);
    const fingerprint = fingerprintOf(new X509Certificate(before.certificate));
    assert.deepEqual(trust.material.revoked, [fingerprint]);
    const after = await trust.register("wrk-1");
    assert.notEqual(after.token, before.token);
    await assert.rejects(trust.authority.authenticate(`wrk-1:${before.token}`), refused);
    assert.deepEqual(trust.material.revoked, [fingerprint]);
  });

  it("is told that it was removed when it names the certificate that was withdrawn, and nobody else is", async () => {
    await using trust = await TrustFixture.make();
    const { token, certificate } = await trust.register("wrk-1");
    const other = await trust.register("wrk-2");
    const [fingerprint, another] = [certificate, other.certificate].map((pem) =>
      fingerprintOf(new X509Certificate(pem)),
    );
    const ask = (name: string, shown: string | undefined): Promise<unknown> =>
      trust.authority.authenticate(`${name}:${token}`, shown);
    await trust.authority.remove("wrk-1");
    await assert.rejects(ask("wrk-1", fingerprint), { code: "NODE_REMOVED" });
    // Another name, another certificate, none, one that this manager has never seen (its database was restored).
    for (const [name, shown] of [
      ["wrk-2", fingerprint],
      ["wrk-1", another],
      ["wrk-1", undefined],
      ["wrk-1", ""],
      ["wrk-3", "x".repeat(43)],
    ] as const)
      await assert.rejects(ask(name, shown), refused);
    await trust.register("wrk-1");
    await assert.rejects(ask("wrk-1", fingerprint), { code: "NODE_REMOVED" });
  });

  it("is taken by its token, though it names a certificate that was replaced", async () => {
    await using trust = await TrustFixture.make();
    const { token, certificate } = await trust.register("wrk-1");
    const fingerprint = fingerprintOf(new X509Certificate(certificate));
    await trust.store.trust.revoke(fingerprint, "wrk-1", Number.MAX_SAFE_INTEGER);
    assert.equal((await trust.authority.authenticate(`wrk-1:${token}`, fingerprint)).name, "wrk-1");
  });

  it("replaces its certificate by proof of both keys; the old one counts until the node shows the new one", async () => {
    await using trust = await TrustFixture.make();
    const { id, token, certificate, pair } = await trust.register("wrk-1");
    const node = await trust.authority.authenticate(`wrk-1:${token}`);
    assert.equal(await trust.authority.mustRenew(node), false);
    await trust.authority.startRound();
    assert.equal(await trust.authority.mustRenew(node), true);
    const fingerprint = fingerprintOf(new X509Certificate(certificate));
    const fresh = makeNodeKeyPair();
    const claim = { name: "wrk-1", occasion: `${id} ${fingerprint}`, publicKey: fresh.publicKey };
    const proof = proveKey(claim, fresh.privateKey);
    const renew = (proofByOld: string): Promise<string> =>
      trust.authority.renew("wrk-1", { publicKey: fresh.publicKey, proof, proofByOld });
    await assert.rejects(renew(proof), refused);
    await renew(proveKey(claim, pair.privateKey));
    assert.deepEqual(trust.material.revoked, []);
    await trust.authority.withdrawReplaced("wrk-1");
    assert.deepEqual(trust.material.revoked, [fingerprint]);
    // The same request once more: it is proven for a certificate that was replaced meanwhile.
    await assert.rejects(renew(proveKey(claim, pair.privateKey)), refused);
  });

  it("cannot be the manager that holds the authority, when it is to be removed", async () => {
    await using trust = await TrustFixture.make();
    await assert.rejects(trust.authority.remove("manager"), { code: "REQUEST_INVALID" });
    await assert.rejects(trust.authority.remove("nobody"), { code: "RESOURCE_UNKNOWN" });
  });
});
