/** SSH signatures: made, checked, and tampered with. Against ssh-keygen they are tested in test/integration/depsync. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import {
  isSignatureOf,
  readSshSignature,
  signSsh,
} from "../../../../src/depsync/signatures/ssh-signature.ts";

const { privateKey } = generateKeyPairSync("ed25519");
const PAYLOAD = Buffer.from("tree x\n\nmessage\n");

function tampered(armored: string, change: (blob: Buffer) => void): string {
  const [, body = ""] = armored.split(/-----[A-Z ]+-----/);
  const blob = Buffer.from(body.replaceAll(/\s/g, ""), "base64");
  change(blob);
  return `-----BEGIN SSH SIGNATURE-----\n${blob.toString("base64")}\n-----END SSH SIGNATURE-----`;
}

describe("SSH signatures", () => {
  const armored = signSsh(PAYLOAD, privateKey);

  it("are of the payload that was signed, and of no other", () => {
    const signature = readSshSignature(armored);
    assert.equal(isSignatureOf(signature, PAYLOAD), true);
    assert.equal(isSignatureOf(signature, Buffer.from("tree y\n\nmessage\n")), false);
    assert.ok(armored.split("\n").every((line) => line.length <= 70));
  });

  it("for another namespace are refused", () => {
    const other = tampered(armored, (blob) => blob.write("got", blob.indexOf("git\0")));
    assert.throws(() => readSshSignature(other), /made for "got", not for git/);
  });

  it("whose bytes or key were changed are of nothing", () => {
    const last = tampered(armored, (blob) => (blob[blob.length - 1] = (blob.at(-1) ?? 0) ^ 1));
    assert.equal(isSignatureOf(readSshSignature(last), PAYLOAD), false);
    const key = tampered(armored, (blob) => (blob[40] = (blob[40] ?? 0) ^ 1));
    assert.equal(isSignatureOf(readSshSignature(key), PAYLOAD), false);
  });

  it("of another form are refused in words", () => {
    assert.throws(() => readSshSignature("-----BEGIN PGP SIGNATURE-----"), /no SSH signature/);
    assert.throws(() => readSshSignature("x".repeat(20_000)), /too long/);
    const version = tampered(armored, (blob) => blob.writeUInt32BE(2, 6));
    assert.throws(() => readSshSignature(version), /version 1/);
    const cut = "-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----";
    assert.throws(() => readSshSignature(cut), /cut short/);
  });
});
