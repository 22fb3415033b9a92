/**
 * One bare repository on this machine, as publisher and mirror share it: refs, reading revisions, history.
 * Refs: refs/heads/main is what admins wrote, refs/heads/live what the cluster runs (a branch, because
 * hosted git servers show and protect branches and hide or refuse other refs), refs/bascule/good is local.
 */
import { AppError, messageOf } from "../errors/app-error.ts";
import type { Log } from "../observability/log.ts";
import { BlobCache } from "./blob-cache.ts";
import type { CommitInfo, Revision, RevisionFile } from "./deployment-repository.ts";
import { readBlobs } from "./git-blobs.ts";
import { removeLeftovers } from "./git-leftovers.ts";
import { isLockFailure, removeStaleLocks } from "./git-locks.ts";
import { type GitCall, runGit } from "./git-process.ts";
import { type TreeEntry, parseTree } from "./git-tree.ts";
import { WriteQueue } from "./write-queue.ts";

export const MAIN_REF = "refs/heads/main";
export const LIVE_REF = "refs/heads/live";
export const GOOD_REF = "refs/bascule/good";

export type RefName = typeof MAIN_REF | typeof LIVE_REF | typeof GOOD_REF;

const COMMIT_ID = /^([0-9a-f]{40}|[0-9a-f]{64})$/;
/** Listings of commits that are kept: `main`, `live`, and the one before. */
const TREES_MAX = 3;
const HISTORY_MAX = 1000;
const HISTORY_FORMAT = "%H%x00%an%x00%aI%x00%s%x00%(trailers:key=Deployed-By,valueonly)";
const HISTORY_FIELDS = 5;

/** @throws AppError REQUEST_INVALID unless the text is a full commit id. */
export function checkCommitId(commit: string): void {
  if (COMMIT_ID.test(commit)) return;
  throw new AppError(
    "REQUEST_INVALID",
    `${JSON.stringify(commit.slice(0, 80))} is no commit id (40 hexadecimal digits)`,
    { side: "downstream" },
  );
}

/** Makes an empty bare repository whose first branch is `main`. */
export async function initRepository(gitDir: string): Promise<void> {
  // Without a template: its sample hooks would only be copied.
  const options = ["--bare", "--quiet", "--template=", "--initial-branch=main"];
  await runGit({ args: ["init", ...options, "--", gitDir] });
}

export class GitRepository {
  readonly gitDir: string;
  readonly #log: Log;
  readonly #cache = new BlobCache();
  /** Listings of the commits asked for last; a commit never changes. */
  readonly #trees = new Map<string, readonly TreeEntry[]>();
  readonly #writes = new WriteQueue();

  constructor(gitDir: string, log: Log) {
    this.gitDir = gitDir;
    this.#log = log;
  }

  /** Runs writing work alone. What a failed command has left is removed. A lock that a killed git has left is removed, and the work tried once more. */
  write<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#writes.run(async () => {
      try {
        return await work();
      } catch (error) {
        await removeLeftovers(this.gitDir);
        if (!isLockFailure(messageOf(error))) throw error;
        if ((await removeStaleLocks(this.gitDir, this.#log)) === 0) throw error;
        return work();
      }
    });
  }

  /** Runs git in this repository. */
  git(args: readonly string[], more: Partial<GitCall> = {}): Promise<string> {
    return runGit({ ...more, gitDir: this.gitDir, args });
  }

  /** The commit that a ref names, or undefined when it does not exist. */
  async resolve(ref: RefName): Promise<string | undefined> {
    return (await this.resolveAll([ref])).get(ref);
  }

  /** The commits that refs name; those that do not exist are left out. */
  async resolveAll(refs: readonly RefName[]): Promise<ReadonlyMap<string, string>> {
    const format = "--format=%(objecttype) %(objectname) %(refname)";
    const output = await this.git(["for-each-ref", format, ...refs]);
    const commits = output.matchAll(/^commit ([0-9a-f]+) (.+)$/gm);
    return new Map([...commits].map(([, commit = "", ref = ""]) => [ref, commit]));
  }

  /** Whether the repository has the commit. */
  async hasCommit(commit: string): Promise<boolean> {
    checkCommitId(commit);
    const input = Buffer.from(`${commit}\n`);
    return (await this.git(["cat-file", "--batch-check"], { input })).startsWith(
      `${commit} commit `,
    );
  }

  /**
   * Moves a ref from one commit to another, if it still is there; `from` undefined: it must not exist.
   * @throws AppError DEPLOYMENT_REPOSITORY when it is elsewhere.
   */
  async moveRef(ref: RefName, to: string, from: string | undefined): Promise<void> {
    checkCommitId(to);
    if (from !== undefined) checkCommitId(from);
    await this.git(["update-ref", ref, to, from ?? "0".repeat(to.length)]);
  }

  /** Sets a ref wherever it was. */
  async setRef(ref: RefName, to: string): Promise<void> {
    checkCommitId(to);
    await this.git(["update-ref", ref, to]);
  }

  /** The files of a commit, without contents. @throws AppError DEPLOYMENT_REPOSITORY when the tree is refused. */
  async tree(commit: string): Promise<readonly TreeEntry[]> {
    checkCommitId(commit);
    const known = this.#trees.get(commit);
    if (known) return known;
    const listing = await this.git(["ls-tree", "-r", "-z", "-l", "--full-tree", commit]);
    const tree = parseTree(commit, listing);
    const [oldest] = this.#trees.keys();
    if (this.#trees.size >= TREES_MAX && oldest !== undefined) this.#trees.delete(oldest);
    this.#trees.set(commit, tree);
    return tree;
  }

  /** The files of a commit with contents; blobs read before are not read again. */
  async read(commit: string): Promise<Revision> {
    const entries = await this.tree(commit);
    const contents = new Map<string, Buffer>();
    for (const { blob } of entries) {
      const content = this.#cache.get(blob);
      if (content) contents.set(blob, content);
    }
    const missing = entries.filter((entry) => !contents.has(entry.blob));
    for (const [blob, content] of await readBlobs(this.gitDir, missing)) {
      contents.set(blob, content);
      this.#cache.set(blob, content);
    }
    return { commit, files: entries.map((entry) => toFile(entry, contents)) };
  }

  /** The newest commits of `main`, newest first; at most 1000. */
  async history(countMax: number): Promise<readonly CommitInfo[]> {
    if (!(await this.resolve(MAIN_REF))) return [];
    const count = Math.max(1, Math.min(Math.trunc(countMax) || 1, HISTORY_MAX));
    const output = await this.git([
      "log",
      "-z",
      `--max-count=${count}`,
      `--format=tformat:${HISTORY_FORMAT}`,
      MAIN_REF,
      "--",
    ]);
    return parseHistory(output);
  }
}

function toFile(entry: TreeEntry, contents: ReadonlyMap<string, Buffer>): RevisionFile {
  const { path, blob } = entry;
  const content = contents.get(blob);
  if (!content) throw new AppError("INTERNAL", `blob ${blob} of ${path} was not read`);
  return { path, blob, content };
}

function parseHistory(output: string): readonly CommitInfo[] {
  const fields = output.split("\0");
  const commits: CommitInfo[] = [];
  for (let at = 0; at + HISTORY_FIELDS <= fields.length; at += HISTORY_FIELDS) {
    const [commit = "", author = "", date = "", subject = "", trailers = ""] = fields.slice(at);
    const via = trailers.trim().split("\n")[0] ?? "";
    commits.push({ commit, author, date, subject, via });
  }
  return commits;
}
