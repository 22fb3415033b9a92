/**
 * The part of a manager that has no port of its own: the revisions, the deployments that change them, and the saved
 * files, wired together so that each deploy is announced and the folder follows. `startManager` makes it, and
 * lets it catch up before anybody is listened to.
 */
import type { Cluster } from "../cluster/cluster.ts";
import type { DeploymentPublisher, FileChange } from "../depsync/deployment-repository.ts";
import { messageOf } from "../errors/app-error.ts";
import type { Log } from "../observability/log.ts";
import type { Clock } from "../runtime/clock.ts";
import { announceRevision } from "./announcement.ts";
import { Deployments } from "./deployments.ts";
import { DroppedFiles, type DroppedFilesFolder } from "./dropped-files.ts";
import { type Compile, Revisions } from "./revisions.ts";
import type { Journal } from "./store/journal.ts";

export interface ManagerCoreOptions {
  readonly clock: Clock;
  readonly publisher: DeploymentPublisher;
  /** The mediation engine's reader: the same that the workers use. */
  readonly compile: Compile;
  /** Undefined: clustering is off. */
  readonly cluster: Cluster | undefined;
  /** Called with each commit that becomes live; the worker in the same process applies it. */
  readonly onDeployed?: (commit: string) => void;
  /** repository/deployment/server/; undefined: saved files are not looked at. */
  readonly folder?: DroppedFilesFolder;
}

/** The parts, wired. */
export interface ManagerCore {
  readonly revisions: Revisions;
  readonly deployments: Deployments;
  readonly files: DroppedFiles;
  /** The commit that was announced last. */
  readonly live: { commit: string | undefined };
}

/** Wires the parts; nothing happens yet. */
export function makeCore(options: ManagerCoreOptions, journal: Journal, log: Log): ManagerCore {
  const { publisher, cluster, onDeployed, folder, clock } = options;
  const revisions = new Revisions(publisher, options.compile);
  const live: ManagerCore["live"] = { commit: undefined };
  const bringInLine = async (changes: readonly FileChange[]): Promise<void> => {
    try {
      await folder?.bringInLine(changes);
    } catch (error) {
      log.warn(`The deployment folder could not be brought in line: ${messageOf(error)}`);
    }
  };
  const deployments = new Deployments({
    publisher,
    revisions,
    journal,
    log: log.child("Deployments"),
    announce: (commit) => {
      live.commit = commit;
      announceRevision({ cluster, onDeployed, log: log.child("Deployments") }, commit);
    },
    onChanged: async (changes) => {
      files.forget(changes);
      await bringInLine(changes);
    },
  });
  const files = new DroppedFiles({
    deployments,
    journal,
    log: log.child("DeploymentFolder"),
    clock,
    restore: bringInLine,
  });
  return { revisions, deployments, files, live };
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
