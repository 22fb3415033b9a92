/**
 * A head of `main` that does not come after `live`, although the same artifacts were live where it began: only who may push
 * has changed since. It is taken by a commit of the manager that has both as parents, if those who may push now have
 * signed it. Used by `PushedCommits`.
 */
import type { DeploymentPublisher, FileChange } from "../depsync/deployment-repository.ts";
import { ALLOWED_SIGNERS_PATH, PROTECTED_FOLDER } from "../depsync/signatures/allowed-signers.ts";

/** Commits of people between what was live and their head. */
const COMMITS_MAX = 1000;

/** Where a head has begun that can be merged; undefined: it cannot. */
export async function mergeBaseOf(
  publisher: DeploymentPublisher,
  head: string,
  live: string,
): Promise<string | undefined> {
  const commits = await publisher.log(live, head, COMMITS_MAX);
  if (commits.length >= COMMITS_MAX) return undefined;
  const own = new Set(commits.map(({ commit }) => commit));
  const parents = commits.flatMap((one) => one.parents).filter((parent) => !own.has(parent));
  const [base, ...others] = new Set(parents);
  if (base === undefined || others.length > 0) return undefined;
  const changed = await publisher.diff(base, live);
  return changed.every(({ path }) => path.startsWith(`${PROTECTED_FOLDER}/`)) ? base : undefined;
}

/** The file of those who may push, as `live` has it; empty: nobody may. */
export async function signersOf(publisher: DeploymentPublisher, live: string): Promise<Buffer> {
  return (await publisher.fileAt(live, ALLOWED_SIGNERS_PATH))?.content ?? Buffer.alloc(0);
}

/** What the commits of a head change, who may push excepted: that stays what it is in `live`. */
export async function changesOf(
  publisher: DeploymentPublisher,
  base: string,
  head: string,
): Promise<readonly FileChange[]> {
  const changed = await publisher.diff(base, head);
  const files = changed.filter(({ path }) => !path.startsWith(`${PROTECTED_FOLDER}/`));
  return Promise.all(
    files.map(async ({ path, to }) => {
      const file = to === undefined ? undefined : await publisher.fileAt(head, path);
      return { path, content: file?.content };
    }),
  );
}
