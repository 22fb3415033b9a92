/**
 * The certificates of a server node before anything of it starts: a node whose files name none gets one of
 * its own on the first start, and every certificate, key and keystore that a file names is tried, so that all
 * wrong ones are reported together.
 */
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import type { NodeConfig, TlsFiles } from "../config/node-config.ts";
import { AppError, messageOf } from "../errors/app-error.ts";
import { ConfigProblems } from "../errors/config-error.ts";
import { makeAuthority, makeLeaf } from "../net/tls/local-certificates.ts";
import { writeLeafFiles } from "../net/tls/leaf-files.ts";
import { readServerIdentity } from "../net/tls/tls-files.ts";
import type { Log } from "../observability/log.ts";

/** @throws ConfigError CONFIG_INVALID with everything that cannot be used; HOME_INVALID when the first cannot be written. */
export async function prepareCertificates(config: NodeConfig, log: Log): Promise<void> {
  const all = publicFiles(config);
  const missing = all.find(isMissingDefault);
  if (missing) await makeFirst(missing, config, log);
  const problems = new ConfigProblems();
  for (const files of all) check(files, config.home, problems);
  problems.throwIfErrors();
}

/** What the node's ports show to browsers and clients. */
export function publicFiles({ serviceListeners, connectors }: NodeConfig): readonly TlsFiles[] {
  return [...serviceListeners, ...connectors].flatMap(({ tls }) => (tls ? [tls] : []));
}

type PemFiles = Extract<TlsFiles, { kind: "pem" }>;

/** One of the two files alone is somebody's mistake, which the check reports. */
function isMissingDefault(files: TlsFiles): files is PemFiles {
  if (files.place || files.kind !== "pem") return false;
  return !existsSync(files.certificateFile) && !existsSync(files.keyFile);
}

/** Signed by an authority of its own, whose key is not kept: the file itself is what clients trust. */
async function makeFirst(files: PemFiles, config: NodeConfig, log: Log): Promise<void> {
  const { hostName, mgtHostName, clustering } = config;
  const member = clustering ? [clustering.localMemberHost] : [];
  const local = ["localhost", "127.0.0.1", "::1"];
  const names = new Set([hostName, mgtHostName, hostname(), ...member, ...local]);
  const authority = await makeAuthority(`Bascule node ${hostName}`);
  try {
    writeLeafFiles(files, await makeLeaf([...names], authority), authority);
  } catch (cause) {
    const place = dirname(files.certificateFile);
    const reason = `the node's first certificate cannot be written into ${place} (${messageOf(cause)})`;
    throw new AppError("HOME_INVALID", reason, { side: "config", cause });
  }
  const trust = "clients have to trust that file, or replace it and the key by your own";
  log.warn(`no certificate is configured: made ${files.certificateFile}; ${trust}`);
}

function check(files: TlsFiles, home: string, problems: ConfigProblems): void {
  try {
    readServerIdentity(files);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    problems.error(files.place ?? { file: home, line: 0 }, error.message);
  }
}
