/** What a rollback changes: the files of an earlier revision in the place of those that are live, who may push excepted. */
import type { DeploymentPublisher, FileChange } from "../depsync/deployment-repository.ts";
import { AppError } from "../errors/app-error.ts";

/** Changed by managers alone, and never taken back with artifacts: a person who was removed stays so. */
const PROTECTED_FOLDER = ".bascule/";

/**
 * @param live what the changes are against.
 * @throws AppError RESOURCE_UNKNOWN: there is no such revision, or nobody known has signed it.
 */
export async function rollbackChanges(
  publisher: DeploymentPublisher,
  live: string | undefined,
  commit: string,
): Promise<readonly FileChange[]> {
  const known = live === undefined ? [] : [live];
  const isThere = live !== undefined && (await publisher.isAncestor(commit, live));
  // What was once part of what is live needs no other word.
  const fault = isThere ? undefined : await verified(publisher, commit, known);
  if (fault !== undefined) throw unknown(`revision ${commit} cannot be rolled back to: ${fault}`);
  const differences = await publisher.diff(live, commit);
  const changed = differences.filter(({ path }) => !path.startsWith(PROTECTED_FOLDER));
  return Promise.all(
    changed.map(async ({ path, to }) => {
      const file = to === undefined ? undefined : await publisher.fileAt(commit, path);
      return { path, content: file?.content };
    }),
  );
}

async function verified(
  publisher: DeploymentPublisher,
  commit: string,
  known: readonly string[],
): Promise<string | undefined> {
  // A commit comes after itself, where it is there.
  if (!(await publisher.isAncestor(commit, commit))) return "the repository has no such commit";
  const fault = await publisher.verify(commit, known);
  return fault && `commit ${fault.commit} by ${fault.author} ${fault.reason}. ${fault.advice}`;
}

function unknown(message: string): AppError {
  return new AppError("RESOURCE_UNKNOWN", message, { side: "downstream" });
}
