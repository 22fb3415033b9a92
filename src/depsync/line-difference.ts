/**
 * What differs between two commits, line by line: `git diff` with everything fixed that a repository or a machine could
 * change about it. Made for people, so it is bounded: few lines around each change, and no more than so many bytes.
 */
import { runGit } from "./git-process.ts";
import { checkCommitId } from "./ref-names.ts";

/** Files that are compared at once; the caller asks in portions or leaves the rest out. */
export const COMPARED_FILES_MAX = 200;

/** Objects without content, which git knows without having them. */
const EMPTY_TREES: Readonly<Record<number, string>> = {
  40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
  64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
};

const OPTIONS = ["--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--unified=3"];

/** Which files of which commits; `from` undefined: an empty tree. */
export interface Comparison {
  readonly from: string | undefined;
  readonly to: string;
  /** At most COMPARED_FILES_MAX; each must differ between the two. */
  readonly paths: readonly string[];
}

/**
 * Path → unified difference from its first "@@" line on; "" where git says only that a binary file differs.
 * @throws AppError DEPLOYMENT_REPOSITORY, REQUEST_INVALID when a commit is no full id.
 */
export async function lineDifference(
  gitDir: string,
  { from, to, paths }: Comparison,
): Promise<ReadonlyMap<string, string>> {
  checkCommitId(to);
  const base = from ?? EMPTY_TREES[to.length] ?? "";
  checkCommitId(base);
  if (paths.length === 0) return new Map();
  const wanted = paths.slice(0, COMPARED_FILES_MAX).toSorted(byBytes);
  // Without the option git would read patterns out of a path such as ":(glob)*".
  const args = ["--literal-pathspecs", "diff", ...OPTIONS, base, to, "--", ...wanted];
  const output = await runGit({ gitDir, args });
  // No line of a difference begins with that word: contents are led by a sign or a blank.
  const sections = output.split(/^diff --git .*\n/m).slice(1);
  return new Map(wanted.map((path, index) => [path, linesOf(sections[index] ?? "")]));
}

/** Without git's own lines about modes, ids and names. */
function linesOf(section: string): string {
  const start = /^@@ /m.exec(section)?.index;
  return start === undefined ? "" : section.slice(start);
}

/** git's order of paths. */
function byBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
