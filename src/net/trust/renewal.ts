/** What a registered node sends for another certificate: its new public key, proven by the new key and by the one that it replaces. */
import { fingerprintOf } from "../tls/certificate-fingerprint.ts";
import type { NodeKeyPair } from "../tls/node-certificate.ts";
import { proveKey } from "./key-proof.ts";
import type { NodeRegistration, TrustHome } from "./trust-home.ts";

export interface KeyRenewal {
  readonly publicKey: string;
  readonly proof: string;
  readonly proofByOld: string;
}

/** @param pair the new one. @throws AppError CLUSTER_TRUST when the home has no certificate to replace. */
export function renewalOf(
  { name, id }: NodeRegistration,
  home: TrustHome,
  { publicKey, privateKey }: NodeKeyPair,
): KeyRenewal {
  const occasion = `${id} ${fingerprintOf(home.certificate())}`;
  const claim = { name, occasion, publicKey };
  return {
    publicKey,
    proof: proveKey(claim, privateKey),
    proofByOld: proveKey(claim, home.privateKey()),
  };
}
