/**
 * Proves to the manager that a node has the key that it wants certified, and, when it replaces one, the key of the certificate
 * that it has: ECDSA P-256 with SHA-256 over the node's name, an occasion that is never the same twice, and the key.
 */
import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";

export interface ProvenKey {
  readonly name: string;
  /** The join token's id, or the registration's id with the certificate that is replaced. */
  readonly occasion: string;
  /** PEM of the key that is to be certified. */
  readonly publicKey: string;
}

/** @param privateKey PEM of the key that proves. */
export function proveKey(claim: ProvenKey, privateKey: string): string {
  return sign("sha256", statement(claim), createPrivateKey(privateKey)).toString("base64url");
}

/** @param publicKey PEM of the key that must have signed; one that cannot be read has not. */
export function isProven(claim: ProvenKey, publicKey: string, proof: string): boolean {
  try {
    const key = createPublicKey(publicKey);
    const isP256 = key.asymmetricKeyDetails?.namedCurve === "prime256v1";
    return isP256 && verify("sha256", statement(claim), key, Buffer.from(proof, "base64url"));
  } catch {
    return false;
  }
}

function statement({ name, occasion, publicKey }: ProvenKey): Buffer {
  return Buffer.from(["bascule node key 1", name, occasion, publicKey].join("\n"), "utf8");
}
