/**
 * First certificates: a certificate authority of the cluster's own and leaves signed by it, so that a cluster
 * starts with TLS everywhere and one file (ca.crt) makes a browser or curl trust it. ECDSA P-256 with
 * SHA-256 throughout. Operators replace the files by their own. The library is loaded where it is used first: nearly
 * all starts of a node find their certificates made.
 */

export interface CertificateAndKey {
  /** PEM, ends with a line break, so that files can be joined. */
  readonly certificate: string;
  /** PEM, PKCS#8; to be stored with mode 0600. */
  readonly key: string;
}

const AUTHORITY_DAYS = 3650;
/** Browsers refuse leaves that are valid for longer than 398 days. */
const LEAF_DAYS = 397;
const DAY_MS = 86_400_000;
/** Clocks of other machines may be behind. */
const BACKDATED_MS = DAY_MS;

const KEY = { keyType: "ec", curve: "P-256", algorithm: "sha256" } as const;

/** Makes an authority; its key signs leaves and must be kept. */
export async function makeAuthority(commonName: string): Promise<CertificateAndKey> {
  const { generate } = await import("selfsigned");
  const made = await generate([{ name: "commonName", value: commonName }], {
    ...KEY,
    ...validity(AUTHORITY_DAYS),
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return pemPair(made);
}

/** Makes a server certificate. `names`: DNS names and IP addresses, all of them in the subjectAltName; the first is the common name. */
export async function makeLeaf(
  names: readonly string[],
  authority: CertificateAndKey,
): Promise<CertificateAndKey> {
  const { generate } = await import("selfsigned");
  const made = await generate([{ name: "commonName", value: names[0] ?? "bascule" }], {
    ...KEY,
    ...validity(LEAF_DAYS),
    ca: { key: authority.key, cert: authority.certificate },
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true, clientAuth: true },
      { name: "subjectAltName", altNames: names.map(altName) },
    ],
  });
  return pemPair(made);
}

/** When a leaf that is made now begins and ends to be valid. */
export function leafValidity(): { notBeforeDate: Date; notAfterDate: Date } {
  return validity(LEAF_DAYS);
}

function pemPair(made: { readonly cert: string; readonly private: string }): CertificateAndKey {
  return { certificate: `${made.cert.trimEnd()}\n`, key: `${made.private.trimEnd()}\n` };
}

function validity(days: number): { notBeforeDate: Date; notAfterDate: Date } {
  const now = Date.now();
  return {
    notBeforeDate: new Date(now - BACKDATED_MS),
    notAfterDate: new Date(now - BACKDATED_MS + days * DAY_MS),
  };
}

function altName(name: string): { type: 2; value: string } | { type: 7; ip: string } {
  const isAddress = /^[0-9.]+$/.test(name) || name.includes(":");
  return isAddress ? { type: 7, ip: name } : { type: 2, value: name };
}
