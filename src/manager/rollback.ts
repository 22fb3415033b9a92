/** What a rollback changes: the files of an earlier revision in the place of those that are live, who may push excepted. */
import type { DeploymentPublisher, FileChange } from "../depsync/deployment-repository.ts";
import { AppError } from "../errors/app-error.ts";
import type { Journal } from "./store/journal.ts";

/** Changed by managers alone, and never taken back with artifacts: a person who was removed stays so. */
const PROTECTED_FOLDER = ".bascule/";

export interface RollbackOptions {
  readonly publisher: DeploymentPublisher;
  readonly journal: Pick<Journal, "findBy">;
  /** What the changes are against. */
  readonly live: string | undefined;
}

/** @throws AppError RESOURCE_UNKNOWN: there is no such revision, or nobody known has signed it. */
export async function rollbackChanges(
  { publisher, journal, live }: RollbackOptions,
  commit: string,
): Promise<readonly FileChange[]> {
  const fault = await faultOf({ publisher, journal, live }, commit);
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

async function faultOf(
  { publisher, journal, live }: RollbackOptions,
  commit: string,
): Promise<string | undefined> {
  // A commit comes after itself, where it is there.
  if (!(await publisher.isAncestor(commit, commit))) return "the repository has no such commit";
  // What ran once needs no other word. Being below `live` is none: a foreign commit that a deploy left out is there too.
  if (await journal.findBy("deployed", commit)) return undefined;
  const fault = await publisher.verify(commit, live === undefined ? [] : [live]);
  return fault && `commit ${fault.commit} by ${fault.author} ${fault.reason}. ${fault.advice}`;
}

function unknown(message: string): AppError {
  return new AppError("RESOURCE_UNKNOWN", message, { side: "downstream" });
}
