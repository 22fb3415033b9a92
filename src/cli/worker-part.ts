/** The worker of a server node with the source of its artifacts; loaded on nodes that have one. */
import type { Member } from "../cluster/cluster.ts";
import type { NodeConfig } from "../config/node-config.ts";
import type { DeploymentPublisher } from "../depsync/deployment-repository.ts";
import { openMirror } from "../depsync/git-mirror.ts";
import type { LiveIdentity } from "../net/tls/live-identity.ts";
import { TrustHome } from "../net/trust/trust-home.ts";
import type { TrustView } from "../net/trust/trust-view.ts";
import type { Log } from "../observability/log.ts";
import type { LogService } from "../observability/log-service.ts";
import type { Clock } from "../runtime/clock.ts";
import { ManagerKeys } from "../worker/manager-keys.ts";
import type { NodeEnding } from "../worker/node-draining.ts";
import { FolderSource } from "../worker/folder-source.ts";
import { PublisherSource } from "../worker/publisher-source.ts";
import { RepositorySource } from "../worker/repository-source.ts";
import type { RevisionSource } from "../worker/revision-source.ts";
import { type JoinedCluster, Worker } from "../worker/worker.ts";
import { ManagerRepository } from "./manager-repository.ts";
import { credentialsOf, repositoryFolder } from "./repository-places.ts";

export interface WorkerPartOptions {
  readonly config: NodeConfig;
  readonly log: Log;
  readonly logs: LogService;
  readonly clock: Clock;
  /** The node's place in its cluster, once it has joined. Default: clustering is off. */
  readonly joining?: Promise<JoinedCluster>;
  /** Those that membership knows now. */
  readonly members: () => readonly Member[];
  /** The repository of the manager in the same process, on a standalone node. */
  readonly publisher: DeploymentPublisher | undefined;
  /** Where the deployment repository is; asked at each fetch, for it may become known or change. */
  readonly location: () => string | undefined;
  readonly onChange: () => void;
  /** Of the management port. Default: that of the configuration's files, for good. */
  readonly identity?: LiveIdentity;
  /** Certificates of the internal authority. Default: there is none. */
  readonly trust?: TrustView;
  /** Ends the process once it is drained. */
  readonly ending?: NodeEnding;
}

export async function startWorkerPart(options: WorkerPartOptions): Promise<Worker> {
  return Worker.start({ ...options, source: await openSource(options) });
}

async function openSource(options: WorkerPartOptions): Promise<RevisionSource> {
  const { config, publisher, location, log, members, trust } = options;
  if (publisher) return new PublisherSource(publisher);
  if (!config.depsync.enabled || !config.depsync.autoCheckout) {
    return new FolderSource(config.repositoryLocation);
  }
  const keys = new ManagerKeys({ members, trust });
  const overHttps = new ManagerRepository({
    managers: () => members().filter(({ role }) => role === "manager"),
    identity: options.identity,
    view: trust,
    trustHome: new TrustHome(config.home),
    certificateFile: repositoryFolder(config, "manager.pem"),
    clock: options.clock,
  });
  const mirror = await openMirror({
    folder: repositoryFolder(config, "mirror.git"),
    location,
    credentials: credentialsOf(config),
    access: (url) => overHttps.access(url),
    managerKeys: () => keys.keys(),
    log: log.child("DeploymentRepository"),
  });
  return new RepositorySource({
    mirror,
    location,
    hasManagerKeys: () => keys.keys().length > 0,
    log: log.child("DeploymentSynchronizer"),
  });
}
