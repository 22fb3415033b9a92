/** Nodes know one another by their certificates' fingerprints, whatever form the certificates have on disk. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  fingerprintOf,
  identityFingerprint,
} from "../../../src/net/tls/certificate-fingerprint.ts";
import { makeAuthority, makeLeaf } from "../../../src/net/tls/local-certificates.ts";
import { readServerIdentity } from "../../../src/net/tls/tls-files.ts";

const folder = mkdtempSync(join(tmpdir(), "bascule-fingerprint-"));
const certificateFile = join(folder, "a.crt");
const keyFile = join(folder, "a.key");
let fingerprint = "";

before(async () => {
  const authority = await makeAuthority("test");
  const leaf = await makeLeaf(["esb.localhost"], authority);
  writeFileSync(certificateFile, leaf.certificate + authority.certificate);
  writeFileSync(keyFile, leaf.key);
  fingerprint = fingerprintOf(new X509Certificate(leaf.certificate));
});

after(() => rmSync(folder, { recursive: true }));

test("a chain has the fingerprint of its first certificate", () => {
  const identity = readServerIdentity({ kind: "pem", certificateFile, keyFile });
  assert.match(fingerprint, /^[\w-]{43}$/);
  assert.equal(identityFingerprint(identity), fingerprint);
});

test("a PKCS#12 archive has the same fingerprint as its certificate", () => {
  const file = join(folder, "a.p12");
  const given = ["-in", certificateFile, "-inkey", keyFile, "-out", file];
  execFileSync("openssl", ["pkcs12", "-export", ...given, "-passout", "pass:secret"]);
  const identity = readServerIdentity({ kind: "pkcs12", file, password: "secret" });
  assert.equal(identityFingerprint(identity), fingerprint);
});
