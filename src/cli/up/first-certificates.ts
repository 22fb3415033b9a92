/**
 * First public certificates: made once, never overwritten, so that an operator's own files stay. One authority for
 * browsers and clients lies in DIR/tls; each home gets a leaf of its own. What nodes know one another by is made by
 * `first-registrations.ts` and has another authority.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
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

/** Makes what is missing. */
export async function writeFirstCertificates(plan: ClusterPlan): Promise<void> {
  const authority = await authorityOf(plan.dir);
  const names = [plan.hostName, plan.mgtHostName, "localhost", LOOPBACK, "::1"];
  for (const node of plan.nodes.filter(({ role }) => role !== "backend")) {
    const files = leafFiles(node);
    if (!existsSync(files.certificateFile))
      writeLeafFiles(files, await makeLeaf(names, authority), authority);
  }
}

function leafFiles({ home }: PlannedNode): Parameters<typeof writeLeafFiles>[0] {
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
