/**
 * First certificates and the cluster's password: made once, never overwritten, so that an operator's own
 * files stay. One authority for the cluster lies in DIR/tls; each home gets leaves and a copy of the
 * password of its own, so that a home can be copied to another machine as it is.
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
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
export async function writeFirstSecrets(plan: ClusterPlan): Promise<void> {
  const authority = await authorityOf(plan.dir);
  const password = passwordOf(plan.dir);
  const names = [plan.hostName, plan.mgtHostName, "localhost", LOOPBACK, "::1"];
  for (const node of plan.nodes.filter(({ role }) => role !== "backend")) {
    writeOnce(join(node.home, "conf", "cluster-password"), `${password}\n`, 0o600);
    const files = leafFiles(node);
    if (existsSync(files.certificate)) continue;
    const leaf = await makeLeaf(names, authority);
    writeOnce(files.certificate, leaf.certificate + authority.certificate, 0o644);
    writeOnce(files.key, leaf.key, 0o600);
  }
}

function leafFiles(node: PlannedNode): { readonly certificate: string; readonly key: string } {
  const folder = join(node.home, "conf", "tls");
  return { certificate: join(folder, "node.crt"), key: join(folder, "node.key") };
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

function passwordOf(dir: string): string {
  const file = join(dir, "tls", "cluster-password");
  if (!existsSync(file)) writeOnce(file, `${randomBytes(24).toString("base64url")}\n`, 0o600);
  return readFileSync(file, "utf8").trim();
}

function writeOnce(file: string, content: string, mode: number): void {
  if (existsSync(file)) return;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, content, { mode, flag: "wx" });
}
