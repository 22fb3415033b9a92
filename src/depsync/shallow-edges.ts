/**
 * Where the history of a shallow repository ends: the commits of its file `shallow` (gitrepository-layout(5)), which git
 * takes for ones without parents although their objects name some. A repository without the file has its whole history.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError, systemCodeOf } from "../errors/app-error.ts";

const ID = /^([0-9a-f]{40}|[0-9a-f]{64})$/;

/** What was asked of a history cannot be told, because the repository does not hold all of it. */
export class HistoryEnd extends AppError {
  /** `commit`: whose history ends. */
  constructor(commit: string, gitDir: string) {
    super(
      "DEPLOYMENT_REPOSITORY",
      `${gitDir} does not hold as much of the history of ${commit} as it takes to tell who vouches for it: fetch the rest (git fetch --unshallow)`,
      { side: "peer", retryable: true },
    );
    this.name = "HistoryEnd";
  }
}

/** The file as it stands; "" where there is none. */
export async function readShallowText(gitDir: string): Promise<string> {
  try {
    return await readFile(join(gitDir, "shallow"), "latin1");
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return "";
    throw error;
  }
}

/** The commits at which it ends. @throws AppError DEPLOYMENT_REPOSITORY when the file is none of git's. */
export async function readShallowEdges(gitDir: string): Promise<ReadonlySet<string>> {
  const lines = (await readShallowText(gitDir)).split("\n").filter((line) => line !== "");
  if (lines.every((line) => ID.test(line))) return new Set(lines);
  const message = `the file ${join(gitDir, "shallow")} is corrupt; a mirror is made anew at its next fetch`;
  throw new AppError("DEPLOYMENT_REPOSITORY", message, { retryable: true });
}
