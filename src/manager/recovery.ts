/**
 * What a manager does at its start about a predecessor that was killed in the middle of a deploy, and about
 * commits that came to `main` while no manager ran: where `main` is ahead of `live`, it is validated, and made live
 * or refused; either way the journal tells. Called by `Deployments.recover`.
 */
import { formatProblem } from "../errors/config-error.ts";
import type { DeploymentsOptions } from "./deployments.ts";
import type { CompiledRevision } from "./revisions.ts";
import {
  type Deployment,
  type DeploymentResult,
  type Journal,
  toDeploymentProblem,
} from "./store/journal.ts";

type RecoveryOptions = Pick<
  DeploymentsOptions,
  "publisher" | "revisions" | "journal" | "log" | "announce"
>;

/** The author of what nobody can be asked about any more. */
const SYSTEM_USER = "system";

/** @throws AppError DEPLOYMENT_REPOSITORY. */
export async function recoverDeployments(options: RecoveryOptions): Promise<void> {
  const { publisher, revisions, journal } = options;
  const main = await revisions.main();
  const live = await publisher.live();
  const pending = await journal.pending();
  for (const row of pending.filter(({ baseCommit }) => baseCommit === main.commit))
    await journal.settle(row.id, { outcome: "interrupted", commit: undefined, problems: [] });
  const begun = pending.filter(({ baseCommit }) => baseCommit !== main.commit);
  const result = await catchUp(options, main, live);
  if (result) await journalResult(journal, begun, result);
}

/** Undefined: there is nothing to tell, because the repository is empty. */
async function catchUp(
  { publisher, log, announce }: RecoveryOptions,
  main: CompiledRevision,
  live: string | undefined,
): Promise<(DeploymentResult & { readonly isNew: boolean }) | undefined> {
  const { commit, problems } = main;
  if (commit === undefined) return undefined;
  if (commit === live) return { outcome: "deployed", commit, problems: [], isNew: false };
  if (problems.length > 0) {
    log.error(
      `Revision ${commit} is committed but not live, because it is faulty; deploy or undeploy the artifacts below to mend it`,
    );
    for (const problem of problems) log.error(formatProblem(problem));
    const told = problems.map(toDeploymentProblem);
    return { outcome: "refused", commit, problems: told, isNew: true };
  }
  await publisher.moveLive(commit, live);
  log.info(`Revision ${commit} was committed but not live yet; it is live now`);
  announce(commit);
  return { outcome: "deployed", commit, problems: [], isNew: true };
}

async function journalResult(
  journal: Journal,
  begun: readonly Deployment[],
  { isNew, ...result }: DeploymentResult & { readonly isNew: boolean },
): Promise<void> {
  for (const row of begun) await journal.settle(row.id, result);
  if (begun.length > 0 || !isNew || result.commit === undefined) return;
  if (await journal.has(result.outcome, result.commit)) return;
  await journal.add({
    ...result,
    who: SYSTEM_USER,
    via: "start",
    action: "recover",
    artifacts: [],
    baseCommit: undefined,
  });
}
