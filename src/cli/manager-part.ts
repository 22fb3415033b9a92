/** The manager of a server node with its deployment repository and its inbox folder; loaded on nodes that have one. */
import type { Cluster } from "../cluster/cluster.ts";
import type { Stability } from "../cluster/stability.ts";
import type { NodeConfig } from "../config/node-config.ts";
import type { DeploymentPublisher } from "../depsync/deployment-repository.ts";
import { openPublisher } from "../depsync/git-publisher.ts";
import { AppError } from "../errors/app-error.ts";
import { type Manager, startManager } from "../manager/manager.ts";
import { checkStore } from "../manager/store/store-check.ts";
import { compileEngine } from "../mediation/compile-engine.ts";
import { readServerIdentity } from "../net/tls/tls-files.ts";
import type { Log } from "../observability/log.ts";
import type { LogAnswer, LogService } from "../observability/log-service.ts";
import type { Clock } from "../runtime/clock.ts";
import { ensureFirstRevision } from "./first-revision.ts";
import { DeploymentInbox } from "./deployment-inbox.ts";
import { hasAuthority } from "../manager/trust/authority-files.ts";
import type { OwnTrust } from "../manager/trust/manager-trust.ts";
import { principalOf } from "./trust/cluster-authority.ts";
import type { NodeTrust } from "./trust/node-trust.ts";
import { credentialsOf, repositoryFolder } from "./repository-places.ts";

interface PartOptions {
  readonly config: NodeConfig;
  readonly log: Log;
  readonly clock: Clock;
}

export interface ManagerPartOptions extends PartOptions {
  readonly logs: LogService;
  /** Traces of the worker in the same process, by path. */
  readonly ownTraces?: (path: string) => LogAnswer | undefined;
  readonly publisher: DeploymentPublisher;
  readonly cluster: Cluster | undefined;
  /** Secrets and certificates of the node. Default: those of the configuration files, for good. */
  readonly trust?: NodeTrust;
  readonly stability?: Stability;
  /** Called when `live` has moved. */
  readonly onDeployed: () => void;
}

/**
 * The repository that this manager writes: its own, or the remote one that carbon.xml names, which may be down. The
 * first part of a manager to start. @throws AppError STORE_NOT_SET_UP before anything is made.
 */
export async function openOwnPublisher({
  config,
  log,
  clock,
}: PartOptions): Promise<DeploymentPublisher> {
  await checkStore(config, clock);
  const { repository } = config.depsync;
  const publisher = await openPublisher({
    folder: repositoryFolder(config, "repository.git"),
    ...(repository.kind === "remote" ? { remote: repository.url } : {}),
    credentials: credentialsOf(config),
    mailDomain: config.hostName,
    log: log.child("DeploymentRepository"),
    clock,
  });
  await ensureFirstRevision(publisher, repository.kind === "remote" ? log : undefined);
  return publisher;
}

/** The manager with its inbox folder, where the configuration lets it commit what is saved there. */
export function startManagerPart(options: ManagerPartOptions): Promise<Manager> {
  const { config, log, clock, publisher } = options;
  const tls = config.connectors.find(({ scheme }) => scheme === "https")?.tls;
  if (!tls) {
    const reason = "catalina-server.xml has no https connector, which the manager needs";
    throw new AppError("CONFIG_INVALID", reason, { side: "config" });
  }
  const inbox = {
    folder: config.repositoryLocation,
    stateFolder: repositoryFolder(config, ""),
    publisher,
    log,
    clock,
    intervalMs: config.deploymentUpdateIntervalMs,
  };
  const takesFiles = !config.depsync.enabled || config.depsync.autoCommit;
  const compileOptions = {
    log,
    callEndpoint: () => Promise.reject(new AppError("INTERNAL", "a manager sends no messages")),
    systemProperties: config.properties,
  };
  const { trust: node, ...others } = options;
  const trust = node && ownTrust(node, config);
  return startManager({
    ...others,
    tls: readServerIdentity(tls),
    ...(node?.identity && { identity: node.identity }),
    ...(trust && { trust }),
    compile: (files) => compileEngine(files, compileOptions),
    ...(takesFiles ? { folder: new DeploymentInbox(inbox) } : {}),
  });
}

/** Undefined where the manager does not hold the cluster's authority. */
function ownTrust(node: NodeTrust, config: NodeConfig): OwnTrust | undefined {
  const { home, secrets, identity, view } = node;
  if (!secrets || !identity || !home.isRegistered || !hasAuthority(home.home)) return undefined;
  return { home, secrets, identity, view, principal: principalOf(config) };
}
