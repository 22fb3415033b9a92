/**
 * `autocluster.first`, as Axon Server has it: a node on a clean home makes the cluster when it is the first one itself, and
 * registers with the first one otherwise. A home that is registered, or that has a secret already, is left alone. Runs
 * before the configuration is read, for the files that it names may only come to be here.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { networkInterfaces, hostname } from "node:os";
import { basename, join } from "node:path";
import { randomBytes } from "node:crypto";
import { AppError, messageOf } from "../../errors/app-error.ts";
import type { NodeCertificateRole } from "../../net/tls/node-certificate.ts";
import { type JoinToken, parseJoinToken } from "../../net/trust/join-token.ts";
import { replaceSecretFile } from "../../net/trust/secret-file.ts";
import { TrustHome } from "../../net/trust/trust-home.ts";
import { type Clock, sleep } from "../../runtime/clock.ts";
import { parsePlace } from "./manager-place.ts";
import { askOverNetwork, registerHome } from "./register-home.ts";

export const AUTOCLUSTER_PROPERTY = "autocluster.first";
export const AUTOCLUSTER_VARIABLE = "BASCULE_AUTOCLUSTER_FIRST";
export const TOKEN_VARIABLE = "BASCULE_JOIN_TOKEN";
/** Relative to the home; removed once it was used. */
const TOKEN_FILE = join("conf", "join-token");
/** How long the first node may take to answer. */
const PATIENCE_MS = 120_000;
const RETRY_MS = 1_000;

export interface AutoclusterOptions {
  /** Absolute. */
  readonly home: string;
  readonly role: NodeCertificateRole;
  /** The -D properties; empty for a gateway. */
  readonly properties: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Takes sentences: there is no log yet. */
  readonly say: (sentence: string) => void;
}

/** @throws AppError USAGE, JOIN_REFUSED, CLUSTER_TRUST, MANAGER_UNREACHABLE; the home is as clean as before then. */
export async function autocluster(options: AutoclusterOptions): Promise<void> {
  const { home, role, properties, environment, say } = options;
  const given = properties[AUTOCLUSTER_PROPERTY] ?? environment[AUTOCLUSTER_VARIABLE] ?? "";
  const trust = new TrustHome(home);
  if (given === "" || trust.isRegistered || existsSync(trust.secretsFile)) return;
  const first = parsePlace(given, AUTOCLUSTER_PROPERTY);
  // The configuration names the file: it must be there to be read.
  replaceSecretFile(trust.secretsFile, `${randomBytes(32).toString("base64url")}\n`);
  try {
    if (role === "manager" && (await isItself(first, options))) {
      const { initializeCluster } = await import("./cluster-authority.ts");
      await initializeCluster(home, properties);
      say(`This node is the first of the cluster: made its authority in ${trust.folder}`);
      return;
    }
    const name = properties["nodeName"] ?? basename(home);
    const token = joinToken(home, environment);
    await joinPatiently({ home: trust, name, role, manager: first, token }, options);
    rmSync(join(home, TOKEN_FILE), { force: true });
    say(`Registered as ${name} with the manager at ${first.host}:${first.port}`);
  } catch (error) {
    if (!trust.isRegistered) rmSync(trust.secretsFile, { force: true });
    throw error;
  }
}

/** The first node may start after this one. */
async function joinPatiently(
  wanted: Parameters<typeof registerHome>[0],
  { clock, say }: AutoclusterOptions,
): Promise<void> {
  const endMs = clock.monotonicMs() + PATIENCE_MS;
  let isTold = false;
  for (;;) {
    try {
      await registerHome(wanted, askOverNetwork(wanted.manager, wanted.token, clock));
      return;
    } catch (error) {
      const isAway = error instanceof AppError && error.code === "MANAGER_UNREACHABLE";
      if (!isAway || clock.monotonicMs() >= endMs) throw error;
      if (!isTold) say(`Waiting for the first node of the cluster: ${messageOf(error)}`);
      isTold = true;
      await sleep(clock, RETRY_MS);
    }
  }
}

async function isItself(
  first: { readonly host: string; readonly port: number },
  { home, properties }: AutoclusterOptions,
): Promise<boolean> {
  const { managerConfig, managementPlace } = await import("./cluster-authority.ts");
  const config = managerConfig(home, properties);
  const own = managementPlace(config);
  if (own.port !== first.port) return false;
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const names = [own.host, config.mgtHostName, config.hostName, hostname(), "localhost"];
  return [...names, ...addresses.map(({ address }) => address)].includes(first.host);
}

function joinToken(
  home: string,
  environment: Readonly<Record<string, string | undefined>>,
): JoinToken {
  const file = join(home, TOKEN_FILE);
  const given = environment[TOKEN_VARIABLE] ?? "";
  if (given !== "") return parseJoinToken(given);
  if (existsSync(file)) return parseJoinToken(readFileSync(file, "utf8"));
  const message = `${AUTOCLUSTER_PROPERTY} needs a join token: put one (\`bascule join-token\`) into ${file} or $${TOKEN_VARIABLE}`;
  throw new AppError("JOIN_REFUSED", message, { side: "config" });
}
