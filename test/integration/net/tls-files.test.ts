/** Certificates on disk that a server must not start with, and what the error says of them. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { AppError } from "../../../src/errors/app-error.ts";
import { makeAuthority, makeLeaf } from "../../../src/net/tls/local-certificates.ts";
import { readServerIdentity } from "../../../src/net/tls/tls-files.ts";

const PKCS8 = { type: "pkcs8", format: "pem" } as const;
let folder = "";
let certificate = "";
let key = "";

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "bascule-tls-"));
  const authority = await makeAuthority("test");
  const leaf = await makeLeaf(["esb.localhost", "::1"], authority);
  certificate = leaf.certificate + authority.certificate;
  key = leaf.key;
});

after(() => rmSync(folder, { recursive: true }));

function complaintOf(keyText: string): string {
  const files = { certificateFile: join(folder, "a.crt"), keyFile: join(folder, "a.key") };
  writeFileSync(files.certificateFile, certificate);
  writeFileSync(files.keyFile, keyText);
  try {
    readServerIdentity({ kind: "pem", ...files });
    return "";
  } catch (error) {
    assert.ok(error instanceof AppError);
    assert.equal(error.code, "TLS_MATERIAL");
    return error.message;
  }
}

test("takes a certificate chain with its key", () => {
  assert.equal(complaintOf(key), "");
});

test("refuses a key that does not belong to the certificate, also one of another kind", () => {
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export(PKCS8);
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export(PKCS8);
  for (const other of [ec, rsa])
    assert.match(complaintOf(String(other)), /the key does not belong to the certificate$/);
});

test("tells how to remove the password of a key", () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const locked = privateKey.export({ ...PKCS8, cipher: "aes-256-cbc", passphrase: "secret" });
  assert.match(complaintOf(String(locked)), /the key has a password; remove it with `openssl pkey/);
});
