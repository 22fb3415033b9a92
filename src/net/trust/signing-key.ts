/**
 * The key that signs revisions, ed25519, and the line by which others know it: the ALLOWED SIGNERS form of ssh-keygen(1), which
 * git's `gpg.ssh.allowedSignersFile` takes.
 */
import { createPublicKey, generateKeyPairSync } from "node:crypto";

const KIND = "ssh-ed25519";

/** PEM, PKCS#8. */
export function makeSigningKey(): string {
  return generateKeyPairSync("ed25519", {
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  }).privateKey;
}

/** One line for `principal`, valid for git only. */
export function allowedSignerLine(signingKey: string, principal: string): string {
  const { x = "" } = createPublicKey(signingKey).export({ format: "jwk" });
  const blob = Buffer.concat([field(Buffer.from(KIND)), field(Buffer.from(x, "base64url"))]);
  return `${principal} namespaces="git" ${KIND} ${blob.toString("base64")}\n`;
}

/** RFC 4251, section 5: string. */
function field(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
