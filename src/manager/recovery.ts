/**
 * What a manager does at its start about deploys that a killed predecessor has left pending: `live` tells how each ended. Where it
 * moved, the deploy is done and announced again; where not, nothing has changed. Called by `Deployments.recover`.
 */
import type { DeploymentPublisher, RepositoryRefs } from "../depsync/deployment-repository.ts";
import type { Log } from "../observability/log.ts";
import type { LiveWorkers } from "./barrier/live-workers.ts";
import type { Deployment, Journal } from "./store/journal.ts";

export interface RecoveryOptions {
  readonly publisher: DeploymentPublisher;
  readonly journal: Journal;
  readonly workers: LiveWorkers;
  readonly log: Log;
  readonly announce: (commit: string) => void;
}

const NOTE =
  "the manager was stopped in the middle of it; what is told here was found out at its next start";

/** @throws AppError DEPLOYMENT_REPOSITORY. */
export async function recoverDeployments(
  options: RecoveryOptions,
  refs: RepositoryRefs,
): Promise<void> {
  const { journal, log, announce } = options;
  for (const row of await journal.pending()) {
    const commit = await liveCommitOf(row, refs, options.publisher);
    const notes = [...row.notes, NOTE];
    const outcome = commit === undefined ? "interrupted" : "deployed";
    await journal.settle(row.id, { outcome, commit: commit ?? row.commit, problems: [], notes });
    log.warn(`Deployment ${row.id} was under way when the manager stopped: ${outcome}`);
    if (commit !== undefined) announce(commit);
    else if (row.commit !== undefined) abandon(options.workers, row.commit);
  }
}

/** The commit of a deploy that became live; undefined: it did not. */
async function liveCommitOf(
  { commit, baseCommit }: Deployment,
  { live }: RepositoryRefs,
  publisher: DeploymentPublisher,
): Promise<string | undefined> {
  if (live === undefined || live === baseCommit) return undefined;
  // Killed before the candidate was written down: it was not asked for anything yet.
  if (commit === undefined) return undefined;
  return commit === live || (await publisher.isAncestor(commit, live)) ? commit : undefined;
}

/** Workers forget it by themselves too. */
function abandon(workers: LiveWorkers, commit: string): void {
  for (const { stage } of workers.list()) stage.abandon(commit).catch(() => {});
}
