/** A member's proof of its certificate's key. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, it } from "node:test";
import { fingerprintOf } from "../../../../src/net/tls/certificate-fingerprint.ts";
import { makeAuthority, makeLeaf } from "../../../../src/net/tls/local-certificates.ts";
import { memberProof, provenMember } from "../../../../src/net/trust/member-proof.ts";

const authority = await makeAuthority("Test authority");
const [one, two] = await Promise.all([
  makeLeaf(["one.test"], authority),
  makeLeaf(["two.test"], authority),
]);
const identity = { cert: one.certificate, key: one.key };
const MANAGER = "the manager's fingerprint";

describe("memberProof", () => {
  it("proves the certificate to the manager that it was made for, and to no other", () => {
    const proof = memberProof(identity, MANAGER) ?? "";
    assert.equal(provenMember(proof, MANAGER), fingerprintOf(new X509Certificate(one.certificate)));
    assert.equal(provenMember(proof, "another manager"), undefined);
  });

  it("is not made by who has only the certificate", () => {
    const proof = memberProof(identity, MANAGER) ?? "";
    const stolen = memberProof({ cert: two.certificate, key: two.key }, MANAGER) ?? "";
    const mixed = `${proof.split(".")[0]}.${stolen.split(".")[1]}`;
    assert.equal(provenMember(mixed, MANAGER), undefined);
  });

  it("takes nothing that is damaged or overlong", () => {
    for (const odd of ["", ".", "x.y", "x".repeat(9_000), `${"A".repeat(8_000)}.AAAA`])
      assert.equal(provenMember(odd, MANAGER), undefined);
  });

  it("cannot be made from a keystore, whose key only TLS opens", () => {
    assert.equal(memberProof({ pfx: Buffer.alloc(0), passphrase: "" }, MANAGER), undefined);
  });
});
