/** The manager of a server node with its deployment repository and its inbox folder; loaded on nodes that have one. */
import { createPrivateKey } from "node:crypto";
import type { Cluster } from "../cluster/cluster.ts";
import type { Stability } from "../cluster/stability.ts";
import type { NodeConfig } from "../config/node-config.ts";
import type { RevisionStage } from "../depsync/barrier/revision-stage.ts";
import type { DeploymentPublisher } from "../depsync/deployment-repository.ts";
import { openPublisher } from "../depsync/git-publisher.ts";
import { rawEd25519 } from "../depsync/signatures/ssh-public-key.ts";
import { AppError } from "../errors/app-error.ts";
import { type Manager, startManager } from "../manager/manager.ts";
import { managerSigningKey } from "../manager/barrier/manager-signing-key.ts";
import { checkStore } from "../manager/store/store-check.ts";
import { EngineCompiler } from "../mediation/engine-compiler.ts";
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
  /** Called when other workers drain or restart than before, or their sessions change. */
  readonly onDraining?: () => void;
  /** The worker of the same process, on a node that stands alone; undefined while it has not started. */
  readonly ownStage?: () => RevisionStage | undefined;
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
    signingKey: managerSigningKey(config.home),
    log: log.child("DeploymentRepository"),
    clock,
  });
  await ensureFirstRevision(publisher, repository.kind === "remote" ? log : undefined);
  return publisher;
}

/** What a manager's member record tells of the key that signs its revisions: the 32 bytes as base64. */
export function signingKeyProperty({ home }: NodeConfig): string {
  return rawEd25519(createPrivateKey(managerSigningKey(home))).toString("base64");
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
  const compiler = new EngineCompiler({
    log,
    callEndpoint: () => Promise.reject(new AppError("INTERNAL", "a manager sends no messages")),
    systemProperties: config.properties,
    serverRoles: config.serverRoles,
  });
  const { trust: node, ...others } = options;
  const trust = node && ownTrust(node, config);
  return startManager({
    ...others,
    tls: readServerIdentity(tls),
    ...(node?.identity && { identity: node.identity }),
    ...(trust && { trust }),
    compile: (files) => compiler.compileSliced(files),
    stageTimeoutMs: config.depsync.stageTimeoutMs,
    healthWindowMs: config.depsync.healthWindowMs,
    lookAtMainMs: Math.min(config.depsync.autoSyncPeriodMs, config.deploymentUpdateIntervalMs),
    ...(takesFiles ? { folder: new DeploymentInbox(inbox) } : {}),
  });
}

/** Undefined where the manager does not hold the cluster's authority. */
function ownTrust(node: NodeTrust, config: NodeConfig): OwnTrust | undefined {
  const { home, secrets, identity, view } = node;
  if (!secrets || !identity || !home.isRegistered || !hasAuthority(home.home)) return undefined;
  return { home, secrets, identity, view, principal: principalOf(config) };
}
