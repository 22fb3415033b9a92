/**
 * The cluster's authority on a manager's home, without the manager: `bascule init-cluster` makes it, `bascule join-token --home` and
 * `bascule up` use it. It meets a running manager in the database only, as `bascule reset-admin` does.
 */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { secretsOf, ClusterSecrets } from "../../cluster/secrets.ts";
import { loadNodeConfig } from "../../config/load-node-config.ts";
import type { NodeConfig } from "../../config/node-config.ts";
import { AppError } from "../../errors/app-error.ts";
import { databaseFileOf } from "../../manager/store/datasource.ts";
import { setUpStore } from "../../manager/store/store.ts";
import {
  hasAuthority,
  makeAuthorityFiles,
  readAuthorityFiles,
} from "../../manager/trust/authority-files.ts";
import { TrustAuthority } from "../../manager/trust/trust-authority.ts";
import { replaceSecretFile } from "../../net/trust/secret-file.ts";
import { TrustHome } from "../../net/trust/trust-home.ts";
import { createLog } from "../../observability/log.ts";
import { systemClock } from "../../runtime/clock.ts";

/** Whether the home is a cluster's first manager, completely made. */
export function isInitialized(home: string): boolean {
  return hasAuthority(home) && new TrustHome(home).isRegistered;
}

/**
 * Makes authority, secret, internal token and signing key, and registers the manager itself. What a killed predecessor has
 * left is finished.
 * @throws AppError CLUSTER_TRUST when the home is one of a cluster already; HOME_INVALID, CONFIG_INVALID.
 */
export async function initializeCluster(
  home: string,
  properties: Readonly<Record<string, string>>,
): Promise<void> {
  const trust = new TrustHome(home);
  if (trust.isRegistered) {
    const message = `${home} belongs to a cluster already (conf/trust is there); a cluster is made once`;
    throw new AppError("CLUSTER_TRUST", message, { side: "config" });
  }
  ensureSecret(trust);
  const config = managerConfig(home, properties);
  if (!hasAuthority(home)) await makeAuthorityFiles(home, domainOf(config));
  await withAuthority(config, (authority) =>
    authority.registerItself(config.name, managementPlace(config)),
  );
}

/** The configuration of a manager's home. @throws AppError. */
export function managerConfig(
  home: string,
  properties: Readonly<Record<string, string>> = {},
): NodeConfig {
  return loadNodeConfig({ home, properties, environment: process.env }).config;
}

/** Where other nodes reach the manager. @throws AppError CONFIG_INVALID without an https connector. */
export function managementPlace({ connectors, clustering }: NodeConfig): {
  readonly host: string;
  readonly port: number;
} {
  const connector = connectors.find(({ scheme }) => scheme === "https");
  if (!connector) {
    const reason = "catalina-server.xml has no https connector, which the manager needs";
    throw new AppError("CONFIG_INVALID", reason, { side: "config" });
  }
  const isWildcard = ["0.0.0.0", "::"].includes(connector.bindAddress);
  const host = isWildcard ? (clustering?.localMemberHost ?? "127.0.0.1") : connector.bindAddress;
  return { host, port: connector.port };
}

/** Works with the authority of a home, and closes the database again. @throws AppError CLUSTER_TRUST where there is none. */
export async function withAuthority<Result>(
  config: NodeConfig,
  work: (authority: TrustAuthority) => Promise<Result>,
): Promise<Result> {
  const { home } = config;
  const files = readAuthorityFiles(home);
  const clock = systemClock;
  const store = await setUpStore({ file: databaseFileOf(config), home, clock });
  try {
    const trust = new TrustHome(home);
    return await work(
      new TrustAuthority({
        files,
        records: store.trust,
        home: trust,
        secrets: new ClusterSecrets(secretsOf(readFileSync(trust.secretsFile, "utf8"))),
        principal: principalOf(config),
        onPublished: () => {},
        log: createLog({ node: config.name, sinks: [] }),
        clock,
      }),
    );
  } finally {
    await store.close();
  }
}

/** Who signs revisions. */
export function principalOf(config: NodeConfig): string {
  return `manager@${domainOf(config)}`;
}

function domainOf({ clustering, hostName }: NodeConfig): string {
  return clustering?.domain ?? hostName;
}

/** A secret that is there stays: the cluster may have been run by hand. */
function ensureSecret({ secretsFile }: TrustHome): void {
  if (existsSync(secretsFile)) return;
  replaceSecretFile(secretsFile, `${randomBytes(32).toString("base64url")}\n`);
}
