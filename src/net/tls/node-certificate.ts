/**
 * Certificates by which the nodes of a cluster know one another, signed by the cluster's internal authority and apart from
 * the public ones that browsers see. They name no host: the subjectAltName is one DNS name for all nodes, by which a
 * client asks for the internal certificate (SNI, RFC 6066 section 3), and a URI that names node and role.
 */
import { generateKeyPairSync, type X509Certificate } from "node:crypto";

/** Sent as the server's name by one node that connects to another. */
export const INTERNAL_SERVER_NAME = "node.bascule.internal";

export type NodeCertificateRole = "gateway" | "manager" | "worker";

/** Who a certificate stands for. */
export interface CertifiedNode {
  readonly name: string;
  readonly role: NodeCertificateRole;
}

export interface NodeKeyPair {
  /** PEM, PKCS#8; never leaves the node. */
  readonly privateKey: string;
  /** PEM, SubjectPublicKeyInfo. */
  readonly publicKey: string;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const URI = /(?:^|, )URI:urn:bascule:node:(gateway|manager|worker):([A-Za-z0-9._-]+)(?:, |$)/;

/** Letters, digits, ".", "_" and "-", 1 to 64, the first a letter or digit. */
export function isNodeName(name: string): boolean {
  return NAME.test(name);
}

/** ECDSA P-256. */
export function makeNodeKeyPair(): NodeKeyPair {
  return generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
}

/** Whom a certificate names, if the authority has signed it and it is valid at `wallMs`; undefined otherwise. */
export function certifiedNode(
  certificate: X509Certificate,
  authority: X509Certificate,
  wallMs: number,
): CertifiedNode | undefined {
  if (!certificate.checkIssued(authority) || !certificate.verify(authority.publicKey))
    return undefined;
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  if (!(from <= wallMs && wallMs <= to)) return undefined;
  const [, role, name] = URI.exec(certificate.subjectAltName ?? "") ?? [];
  if (name === undefined || !isNodeName(name)) return undefined;
  return role === "gateway" || role === "manager" || role === "worker" ? { name, role } : undefined;
}
