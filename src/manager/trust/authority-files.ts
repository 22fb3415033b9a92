/**
 * What only the first manager's home has, `conf/trust/authority` (0700, files 0600): the key of the internal authority, the
 * internal token that nodes' tokens are derived from, and the key that signs revisions. Made once by `bascule
 * init-cluster`; whoever can read it can do everything in the cluster.
 */
import { createHmac, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AppError, messageOf } from "../../errors/app-error.ts";
import { type CertificateAndKey, makeAuthority } from "../../net/tls/local-certificates.ts";
import { replaceSecretFile } from "../../net/trust/secret-file.ts";
import { makeSigningKey } from "../../net/trust/signing-key.ts";

export interface AuthorityFiles {
  readonly authority: CertificateAndKey;
  /** Key of the HMAC that makes nodes' tokens. Never logged, never sent. */
  readonly internalToken: string;
  /** PEM, ed25519. */
  readonly signingKey: string;
}

const FOLDER = join("conf", "trust", "authority");
const NAMES = {
  certificate: "ca.crt",
  key: "ca.key",
  internalToken: "internal-token",
  signingKey: "signing.key",
} as const;

/** Where the files lie below a manager's home. */
export function authorityFolder(home: string): string {
  return join(home, FOLDER);
}

/** The key is written last: without it there is no authority, and making it again is harmless. */
export function hasAuthority(home: string): boolean {
  return existsSync(join(home, FOLDER, NAMES.key));
}

/** @throws AppError CLUSTER_TRUST when there is one already; the file system's error. */
export async function makeAuthorityFiles(home: string, domain: string): Promise<AuthorityFiles> {
  if (hasAuthority(home)) {
    const message = `${home} has a cluster's authority already, in ${FOLDER}; a cluster is made once`;
    throw new AppError("CLUSTER_TRUST", message, { side: "config" });
  }
  const made = {
    authority: await makeAuthority(`Bascule internal authority ${domain.slice(0, 40)}`),
    internalToken: randomBytes(32).toString("base64url"),
    signingKey: makeSigningKey(),
  };
  const write = (name: string, content: string): void =>
    replaceSecretFile(join(home, FOLDER, name), content);
  write(NAMES.certificate, made.authority.certificate);
  write(NAMES.internalToken, `${made.internalToken}\n`);
  write(NAMES.signingKey, made.signingKey);
  write(NAMES.key, made.authority.key);
  return made;
}

/** @throws AppError CLUSTER_TRUST when one is missing. */
export function readAuthorityFiles(home: string): AuthorityFiles {
  const read = (name: string): string => readFileSync(join(home, FOLDER, name), "utf8");
  try {
    return {
      authority: { certificate: read(NAMES.certificate), key: read(NAMES.key) },
      internalToken: read(NAMES.internalToken).trim(),
      signingKey: read(NAMES.signingKey),
    };
  } catch (cause) {
    const message = `the cluster's authority in ${join(home, FOLDER)} cannot be read (${messageOf(cause)}); run \`bascule init-cluster\` on the first manager, or restore the folder`;
    throw new AppError("CLUSTER_TRUST", message, { side: "config", cause });
  }
}

/** The token of one registration: each node has its own, and none has to be stored. */
export function nodeToken(internalToken: string, name: string, registrationId: string): string {
  const hmac = createHmac("sha256", internalToken).update(`node\n${name}\n${registrationId}`);
  return hmac.digest("base64url");
}
