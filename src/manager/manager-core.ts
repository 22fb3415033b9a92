/**
 * The part of a manager that has no port of its own: the revisions, the deployments that change them, and the saved
 * files, wired together so that each deploy is announced and the folder follows. `startManager` makes it, and
 * lets it catch up before anybody is listened to.
 */
import type { Cluster } from "../cluster/cluster.ts";
import type { DeploymentPublisher, FileChange } from "../depsync/deployment-repository.ts";
import type { RevisionStage } from "../depsync/barrier/revision-stage.ts";
import { messageOf } from "../errors/app-error.ts";
import type { LiveIdentity } from "../net/tls/live-identity.ts";
import type { TrustView } from "../net/trust/trust-view.ts";
import type { Log } from "../observability/log.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Closable } from "../runtime/lifecycle.ts";
import { announceRevision } from "./announcement.ts";
import type { StepHook } from "./barrier/deploy-steps.ts";
import { ClusterWorkers, type LiveWorkers, OwnWorker } from "./barrier/live-workers.ts";
import { MainWatch } from "./barrier/main-watch.ts";
import { RemoteStages } from "./barrier/remote-stage.ts";
import { Deployments } from "./deployments.ts";
import { DroppedFiles, type DroppedFilesFolder } from "./dropped-files.ts";
import { FolderQueue } from "./folder-queue.ts";
import { type Compile, Revisions } from "./revisions.ts";
import type { Journal } from "./store/journal.ts";

/** How often `main` is looked at where nothing is configured. */
const LOOK_AT_MAIN_MS = 15_000;

export interface ManagerCoreOptions {
  readonly clock: Clock;
  readonly publisher: DeploymentPublisher;
  /** The mediation engine's reader: the same that the workers use. */
  readonly compile: Compile;
  /** Undefined: clustering is off. */
  readonly cluster: Cluster | undefined;
  /** The worker of the same process, where clustering is off; undefined while it has not started. */
  readonly ownStage?: () => RevisionStage | undefined;
  /** Called with each commit that becomes live; the worker in the same process applies it. */
  readonly onDeployed?: (commit: string) => void;
  /** repository/deployment/server/; undefined: saved files are not looked at. */
  readonly folder?: DroppedFilesFolder;
  /** How long workers may take to make a revision ready. Default: 30 s. */
  readonly stageTimeoutMs?: number;
  /** How long services are watched after a deploy; 0: not at all. Default: 30 s. */
  readonly healthWindowMs?: number;
  /** Between two looks at `main`. Default: 15 s. */
  readonly lookAtMainMs?: number;
  /** Called before and after each step of a deploy. Default: nothing is. */
  readonly onStep?: StepHook;
}

/** What the manager shows to workers, and what it knows of their certificates. */
export interface CoreIdentity {
  readonly name: string;
  readonly identity: LiveIdentity;
  readonly trust: TrustView | undefined;
}

/** The parts, wired. */
export interface ManagerCore extends Closable {
  readonly revisions: Revisions;
  readonly deployments: Deployments;
  readonly files: DroppedFiles;
  /** The commit that was announced last. */
  readonly live: { commit: string | undefined };
  /** Begins to look at `main`. */
  watchMain(): void;
}

/** Wires the parts; nothing happens yet. */
export function makeCore(
  options: ManagerCoreOptions,
  journal: Journal,
  log: Log,
  own: CoreIdentity,
): ManagerCore {
  const { publisher, cluster, onDeployed, folder, clock } = options;
  const revisions = new Revisions(publisher, options.compile);
  const live: ManagerCore["live"] = { commit: undefined };
  const workers = openWorkers(options, own);
  const ownLog = log.child("Deployments");
  const queue = new FolderQueue(folder, log);
  const deployments = new Deployments({
    ...options,
    revisions,
    journal,
    workers,
    log: ownLog,
    announce: (commit) => {
      live.commit = commit;
      announceRevision({ cluster, onDeployed, log: ownLog }, commit);
    },
    onChanged: (changes) => {
      files.forget(changes);
      return queue.bringInLine(changes);
    },
  });
  const files = new DroppedFiles({
    deployments,
    journal,
    log: log.child("DeploymentFolder"),
    clock,
    restore: (changes: readonly FileChange[]) => queue.bringInLine(changes),
  });
  const watch = new MainWatch({
    look: () => deployments.lookAtMain(),
    clock,
    log: ownLog,
    intervalMs: options.lookAtMainMs ?? LOOK_AT_MAIN_MS,
  });
  const close = async (): Promise<void> => {
    await watch.close();
    await deployments.close();
    await queue.close();
    workers.close();
  };
  return { revisions, deployments, files, live, watchMain: () => watch.start(), close };
}

function openWorkers(
  { cluster, ownStage, clock }: ManagerCoreOptions,
  { name, identity, trust }: CoreIdentity,
): LiveWorkers & { close(): void } {
  if (cluster)
    return new ClusterWorkers(cluster, new RemoteStages({ cluster, identity, trust, clock }));
  return new OwnWorker(name, ownStage ?? (() => undefined));
}

/** Finishes what was left half done. A repository that cannot be reached keeps nobody from starting: deploys say so until it is back. */
export async function catchUp(
  { publisher, cluster }: ManagerCoreOptions,
  core: ManagerCore,
  log: Log,
): Promise<void> {
  try {
    await core.deployments.recover();
    core.live.commit = await publisher.live();
    cluster?.update({ revision: core.live.commit });
  } catch (error) {
    log.error(`The deployment repository could not be looked at: ${messageOf(error)}`);
  }
}
