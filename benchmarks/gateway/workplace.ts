/**
 * The temporary folder of one run and everything that all cases share: files to serve, the certificate, the
 * CPUs, the ports and the processes. Made by run.ts, handed to cases, proxies and load generators.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeAuthority, makeLeaf } from "../../src/net/tls/local-certificates.ts";
import { BoundProcesses } from "./bound-process.ts";
import { type Cpus, FreePorts } from "./machine.ts";

export interface Workplace {
  readonly folder: string;
  readonly cpus: Cpus;
  readonly ports: FreePorts;
  readonly processes: BoundProcesses;
  /** PEM files of an ECDSA P-256 certificate for localhost. */
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Its authority. */
  readonly authorityFile: string;
  /** Certificate and key in one file, as haproxy wants it. */
  readonly pemFile: string;
}

/** Bytes of the request body of the case post-10k. */
export const POST_BYTES = 10 * 1024;

/** Path and size of the static responses. */
export const STATIC_FILES = [
  ["64k", 64 * 1024],
  ["1m", 1024 * 1024],
] as const;

export async function makeWorkplace(cpus: Cpus): Promise<Workplace> {
  const authority = await makeAuthority("benchmark");
  const { certificate, key } = await makeLeaf(["localhost", "127.0.0.1"], authority);
  const folder = mkdtempSync(join(tmpdir(), "bascule-bench-"));
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, "www"));
  for (const [name, bytes] of STATIC_FILES) {
    writeFileSync(join(folder, "www", name), "x".repeat(bytes));
  }
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  return {
    folder,
    cpus,
    ports: new FreePorts(),
    processes: new BoundProcesses(),
    certificateFile: file("server.crt", certificate),
    keyFile: file("server.key", key),
    authorityFile: file("authority.crt", authority.certificate),
    pemFile: file("server.pem", `${certificate}${key}`),
  };
}

/** Stops what still runs and removes the folder. */
export async function closeWorkplace({ processes, folder }: Workplace): Promise<void> {
  await processes.stopAll();
  rmSync(folder, { recursive: true, force: true });
}
