/**
 * How a worker of a cluster without an authority shows the manager who it is: it sends its management certificate, whose
 * fingerprint it tells through membership, with a signature by the certificate's key over the manager's own fingerprint. So the
 * proof is worth nothing at another manager, and TLS keeps it from everybody else. No clock plays a part.
 */
import { createPrivateKey, type KeyObject, sign, verify, X509Certificate } from "node:crypto";
import { fingerprintOf } from "../tls/certificate-fingerprint.ts";
import type { ServerIdentity } from "../tls/tls-files.ts";

/** The HTTP field that carries it. */
export const MEMBER_HEADER = "x-bascule-member";

/** A certificate with a long list of names stays below it. */
const PROOF_LENGTH_MAX = 8_000;

/** The field's value; undefined when the key cannot be had: it lies in a PKCS#12 archive, which only TLS opens. */
export function memberProof(
  identity: ServerIdentity,
  managerFingerprint: string,
): string | undefined {
  if ("pfx" in identity) return undefined;
  const certificate = new X509Certificate(identity.cert);
  const key = createPrivateKey(identity.key);
  const signature = sign(digestOf(key), textOf(managerFingerprint), key);
  return `${certificate.raw.toString("base64url")}.${signature.toString("base64url")}`;
}

/** The fingerprint of the certificate whose key the sender has; undefined when it is not proven. */
export function provenMember(proof: string, ownFingerprint: string): string | undefined {
  const [, raw = "", signature = ""] = /^([\w-]+)\.([\w-]+)$/.exec(proof) ?? [];
  if (raw === "" || proof.length > PROOF_LENGTH_MAX) return undefined;
  try {
    const certificate = new X509Certificate(Buffer.from(raw, "base64url"));
    const { publicKey } = certificate;
    const bytes = Buffer.from(signature, "base64url");
    const isProven = verify(digestOf(publicKey), textOf(ownFingerprint), publicKey, bytes);
    return isProven ? fingerprintOf(certificate) : undefined;
  } catch {
    return undefined;
  }
}

function textOf(managerFingerprint: string): Buffer {
  return Buffer.from(`bascule repository of ${managerFingerprint}`);
}

/** Keys of Edwards curves have their own. */
function digestOf({ asymmetricKeyType }: KeyObject): string | null {
  return asymmetricKeyType?.startsWith("ed") === true ? null : "sha256";
}
