/**
 * Parts a batch of changed files into those that can go in together and those that are refused, each with its
 * reasons. First every file that a problem names is taken out until the rest is good; when the problems
 * name none of them (a removed sequence that a proxy needs), the changes are tried one by one.
 */
import type { FileChange } from "../depsync/deployment-repository.ts";
import type { ConfigProblem } from "../errors/config-error.ts";
import { type CompiledTree, type FileTree, withChanges } from "./revisions.ts";

export interface RefusedChange {
  readonly change: FileChange;
  readonly problems: readonly ConfigProblem[];
}

export interface SiftedBatch {
  readonly accepted: readonly FileChange[];
  readonly refused: readonly RefusedChange[];
  /** The tree with the accepted changes. */
  readonly tree: CompiledTree;
}

/** @param compile reads a whole tree; called at most 2n + 1 times for n changes, mostly once. */
export async function siftBatch(
  base: CompiledTree,
  changes: readonly FileChange[],
  compile: (files: FileTree) => Promise<CompiledTree>,
): Promise<SiftedBatch> {
  const refused: RefusedChange[] = [];
  let candidates = changes;
  while (candidates.length > 0) {
    const tree = await compile(withChanges(base.files, candidates));
    if (tree.problems.length === 0) return { accepted: candidates, refused, tree };
    const faulty = candidates.filter(({ path }) => problemsOf(path, tree).length > 0);
    if (faulty.length === 0) return oneByOne(base, candidates, compile, refused);
    for (const change of faulty) refused.push({ change, problems: problemsOf(change.path, tree) });
    candidates = candidates.filter((change) => !faulty.includes(change));
  }
  return { accepted: [], refused, tree: base };
}

function problemsOf(path: string, tree: CompiledTree): readonly ConfigProblem[] {
  // What lies inside of an application is named "carbonapps/A.car!/..".
  return tree.problems.filter(({ file }) => file === path || file.startsWith(`${path}!/`));
}

async function oneByOne(
  base: CompiledTree,
  changes: readonly FileChange[],
  compile: (files: FileTree) => Promise<CompiledTree>,
  refusedBefore: readonly RefusedChange[],
): Promise<SiftedBatch> {
  const accepted: FileChange[] = [];
  const refused = [...refusedBefore];
  let tree = base;
  for (const change of changes) {
    const next = await compile(withChanges(tree.files, [change]));
    if (next.problems.length > 0) {
      refused.push({ change, problems: next.problems });
      continue;
    }
    accepted.push(change);
    tree = next;
  }
  return { accepted, refused, tree };
}
