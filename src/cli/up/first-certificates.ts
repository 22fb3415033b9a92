/**
 * First public certificates: made once; an operator's own files are never overwritten, what was made here is renewed. One authority for
 * browsers and clients lies in DIR/tls; each home gets a leaf of its own. What nodes know one another by is made by
 * `first-registrations.ts` and has another authority.
 */
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expirySentence } from "../../net/tls/expiry-watch.ts";
import { writeLeafFiles, writeOnce } from "../../net/tls/leaf-files.ts";
import {
  type CertificateAndKey,
  makeAuthority,
  makeLeaf,
} from "../../net/tls/local-certificates.ts";
import { type ClusterPlan, LOOPBACK, type PlannedNode } from "./cluster-plan.ts";

/** The authority's certificate: what browsers and curl are told to trust. */
export function authorityFile(dir: string): string {
  return join(dir, "tls", "ca.crt");
}

/** Makes what is missing, and again what the authority of DIR has signed and soon expires. */
export async function writeFirstCertificates(
  plan: ClusterPlan,
  nowMs: number,
  say: (sentence: string) => void,
): Promise<void> {
  const authority = await authorityOf(plan.dir);
  const names = [plan.hostName, plan.mgtHostName, "localhost", LOOPBACK, "::1"];
  for (const node of plan.nodes.filter(({ role }) => role !== "backend")) {
    const files = leafFiles(node);
    if (expiresSoon(files, authority, nowMs)) {
      say(`Renewing the certificate ${files.certificateFile}, which expires soon or has expired`);
      rmSync(files.certificateFile);
      rmSync(files.keyFile, { force: true });
    }
    if (!existsSync(files.certificateFile))
      writeLeafFiles(files, await makeLeaf(names, authority), authority);
  }
}

/** Only of one that the folder's own authority has signed: others are their owner's business. */
function expiresSoon(
  { certificateFile }: LeafFiles,
  authority: CertificateAndKey,
  nowMs: number,
): boolean {
  if (!existsSync(certificateFile)) return false;
  const certificate = readCertificate(certificateFile);
  if (!certificate?.checkIssued(new X509Certificate(authority.certificate))) return false;
  const validUntilMs = Date.parse(certificate.validTo);
  return expirySentence({ file: certificateFile, validUntilMs }, nowMs) !== undefined;
}

/** Undefined where it is none: the node that uses it says why. */
function readCertificate(file: string): X509Certificate | undefined {
  try {
    return new X509Certificate(readFileSync(file));
  } catch {
    return undefined;
  }
}

type LeafFiles = Parameters<typeof writeLeafFiles>[0];

function leafFiles({ home }: PlannedNode): LeafFiles {
  const folder = join(home, "conf", "tls");
  return { certificateFile: join(folder, "node.crt"), keyFile: join(folder, "node.key") };
}

async function authorityOf(dir: string): Promise<CertificateAndKey> {
  const certificateFile = authorityFile(dir);
  const keyFile = join(dir, "tls", "ca.key");
  if (!existsSync(certificateFile)) {
    const made = await makeAuthority("Bascule cluster authority");
    writeOnce(keyFile, made.key, 0o600);
    writeOnce(certificateFile, made.certificate, 0o644);
  }
  return {
    certificate: readFileSync(certificateFile, "utf8"),
    key: readFileSync(keyFile, "utf8"),
  };
}
