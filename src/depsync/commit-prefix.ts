/** The commit that a person means by the first digits of its id. */
import { AppError } from "../errors/app-error.ts";
import { runGit } from "./git-process.ts";

/** Fewest digits that are taken for a commit: shorter ones fit too many by chance. */
export const PREFIX_DIGITS_MIN = 7;
const PREFIX = /^[0-9a-f]{7,64}$/;

/**
 * The full id, or undefined when the repository has no such commit. @throws AppError REQUEST_INVALID when several begin
 * that way, or it is no prefix at all.
 */
export async function commitOfPrefix(gitDir: string, prefix: string): Promise<string | undefined> {
  if (!PREFIX.test(prefix)) {
    const message = `${JSON.stringify(prefix.slice(0, 80))} is not the beginning of a commit id: ${PREFIX_DIGITS_MIN} hexadecimal digits at least`;
    throw new AppError("REQUEST_INVALID", message, { side: "downstream" });
  }
  // Objects of all kinds; a ref of that name is never meant.
  const found = await runGit({ gitDir, args: ["rev-parse", `--disambiguate=${prefix}`] });
  if (found.trim() === "") return undefined;
  const input = Buffer.from(`${found.trim()}\n`);
  const output = await runGit({ gitDir, args: ["cat-file", "--batch-check"], input });
  const commits = [...output.matchAll(/^([0-9a-f]+) commit \d+$/gm)].map(([, id = ""]) => id);
  const [commit, second] = commits;
  if (second === undefined) return commit;
  const message = `${commits.length} commits begin with ${prefix}; give more digits`;
  throw new AppError("REQUEST_INVALID", message, { side: "downstream" });
}
