/**
 * What a manager does at its start about deploys that a killed predecessor has left pending: `live` tells how each ended. Where it
 * moved, the deploy is done and announced again; where not, nothing has changed. Called by `Deployments.recover`.
 */
import type {
  CommitInfo,
  DeploymentPublisher,
  RepositoryRefs,
} from "../depsync/deployment-repository.ts";
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

/** Between what was live when a deploy began and what is live now; a commit further away counts as one that was not taken. */
const COMMITS_MAX = 1000;
const LEAVES_OUT = "Leaves-Out";
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
  if (commit === live) return commit;
  if (!(await publisher.isAncestor(commit, live))) return undefined;
  const since = await publisher.log(baseCommit, live, COMMITS_MAX);
  return isTaken(commit, live, since) ? commit : undefined;
}

/** Whether a way leads down to the commit that no manager has left out: another one may have refused it meanwhile. */
function isTaken(commit: string, live: string, since: readonly CommitInfo[]): boolean {
  const infos = new Map(since.map((one) => [one.commit, one]));
  const reached = new Set([live]);
  // A set goes on with what is added to it meanwhile.
  for (const id of reached) {
    const info = infos.get(id);
    for (const parent of info?.parents ?? []) if (!leavesOut(info, parent)) reached.add(parent);
  }
  return reached.has(commit);
}

/** Only a manager's word counts: whoever pushes may write what he likes. */
function leavesOut(info: CommitInfo | undefined, parent: string): boolean {
  const isManagers = info?.signer?.kind === "manager";
  return isManagers && info.trailers.some(([key, value]) => key === LEAVES_OUT && value === parent);
}

/** Workers forget it by themselves too. */
function abandon(workers: LiveWorkers, commit: string): void {
  for (const { stage } of workers.list()) stage.abandon(commit).catch(() => {});
}
