/**
 * One bare repository on this machine, as publisher and mirror share it: refs, reading revisions, who signed what.
 * Objects and trees come from `objects/`, signatures from `signatures/`; git itself moves refs, fetches and pushes.
 */
import { randomInt } from "node:crypto";
import { AppError, messageOf } from "../errors/app-error.ts";
import type { Log } from "../observability/log.ts";
import type {
  CommitInfo,
  Revision,
  RevisionFile,
  SignatureFault,
} from "./deployment-repository.ts";
import { readCommitInfos } from "./commit-info.ts";
import { readBlobs } from "./git-blobs.ts";
import { removeLeftovers } from "./git-leftovers.ts";
import { isLockFailure, removeStaleLocks } from "./git-locks.ts";
import { type GitCall, runGit } from "./git-process.ts";
import { refusing } from "./git-tree.ts";
import { ExactHistory, type ListedHistory } from "./exact-history.ts";
import { exchangeFiles, KeptRevisions } from "./kept-revisions.ts";
import { parseCommitObject } from "./objects/commit-object.ts";
import { type Folder, type TreeEntry, isFolder, listFiles, nodeAt } from "./objects/folder.ts";
import { ObjectStore } from "./objects/object-store.ts";
import { TreeReader } from "./objects/tree-reader.ts";
import { RefFiles } from "./ref-files.ts";
import { ANYWHERE, type RefUpdate, checkCommitId, formatTransaction } from "./ref-names.ts";
import { HistoryEnd } from "./shallow-edges.ts";
import { readAllowedSigners } from "./signatures/allowed-signers.ts";
import { SignedHistory } from "./signatures/signed-history.ts";
import type { SshPublicKey } from "./signatures/ssh-public-key.ts";
import { WriteQueue } from "./write-queue.ts";

const LOG_MAX = 1000;
/** After so many writing commands loose objects are packed. */
const TIDY_WRITES = 100;

/** Makes an empty bare repository whose first branch is `main`. */
export async function initRepository(gitDir: string): Promise<void> {
  // Without a template: its sample hooks would only be copied.
  const options = ["--bare", "--quiet", "--template=", "--initial-branch=main"];
  await runGit({ args: ["init", ...options, "--", gitDir] });
}

export interface RepositoryOptions {
  readonly gitDir: string;
  readonly log: Log;
  /** Whose signatures vouch for whole revisions; asked at each look. */
  readonly managerKeys: () => readonly SshPublicKey[];
  /**
   * Writes that count as done since the folder was tidied up last. Default: anything below 100, for workers that take the same
   * deploys would all tidy up in one moment.
   */
  readonly untidyWrites?: number;
}

export class GitRepository {
  readonly gitDir: string;
  readonly #log: Log;
  readonly #objects: ObjectStore;
  readonly #refs: RefFiles;
  readonly #trees: TreeReader;
  readonly #history: ListedHistory;
  readonly #signatures: SignedHistory;
  readonly #managerKeys: () => readonly SshPublicKey[];
  /** So that the next revision reads only what is new. */
  readonly #revisions = new KeptRevisions();
  readonly #writes = new WriteQueue();
  #untidyWrites: number;

  constructor({ gitDir, log, managerKeys, untidyWrites }: RepositoryOptions) {
    this.#untidyWrites = untidyWrites ?? randomInt(TIDY_WRITES);
    this.gitDir = gitDir;
    this.#log = log;
    this.#managerKeys = managerKeys;
    this.#objects = new ObjectStore(gitDir);
    this.#refs = new RefFiles(gitDir);
    this.#trees = new TreeReader(this.#objects, (commit) =>
      this.git(["ls-tree", "-r", "-t", "-z", "-l", "--full-tree", commit]),
    );
    this.#history = {
      gitDir,
      readAll: (ids) => this.#objects.readAll(ids),
      list: (commit, known, countMax) => this.#list(commit, known, countMax),
      listAfter: (commit, known, countMax) =>
        this.#list(commit, [known], countMax, ["--ancestry-path"]),
      newest: (commits) => this.#newest(commits),
      hasCommit: (commit) => this.hasCommit(commit),
    };
    this.#signatures = new SignedHistory(this.#history, managerKeys);
  }

  get objects(): ObjectStore {
    return this.#objects;
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

  /** The commits that refs name, by ref in order of their names; a folder's name stands for all in it. */
  async resolveAll(refs: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const read = await this.#refs.read(refs);
    if (read) return read;
    // Nothing but names: they are told also where the objects are damaged.
    const output = await this.git(["for-each-ref", "--format=%(objectname) %(refname)", ...refs]);
    const commits = output.matchAll(/^([0-9a-f]+) (.+)$/gm);
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

  /** Moves refs in one transaction. @throws AppError DEPLOYMENT_REPOSITORY when one is not where it is expected. */
  async moveRefs(updates: readonly RefUpdate[]): Promise<void> {
    if (updates.length === 0) return;
    for (const { to, from } of updates)
      for (const id of [to, from]) if (id !== undefined && id !== ANYWHERE) checkCommitId(id);
    if ((await this.#areNew(updates)) && (await this.#refs.move(updates))) return;
    await this.git(["update-ref", "--stdin"], { input: formatTransaction(updates) });
  }

  /** Whether all commits that refs move to were made lately and are there: others are git's to look for. */
  async #areNew(updates: readonly RefUpdate[]): Promise<boolean> {
    const commits = new Set(updates.flatMap(({ to }) => (to === undefined ? [] : [to])));
    const kinds = await Promise.all([...commits].map((commit) => this.#objects.looseKind(commit)));
    return kinds.every((kind) => kind === "commit");
  }

  /** The tree of a commit. @throws AppError DEPLOYMENT_REPOSITORY when it is refused. */
  async tree(commit: string): Promise<Folder> {
    checkCommitId(commit);
    return (await this.#trees.read(commit)).root;
  }

  /** Keeps in memory the tree of a commit that was just made, and the contents of its new files. */
  rememberTree(commit: string, root: Folder, contents?: ReadonlyMap<string, Buffer>): void {
    this.#trees.remember(commit, root, contents);
  }

  /** The files of a commit with contents; what the last revisions had is not read again. */
  async read(commit: string): Promise<Revision> {
    checkCommitId(commit);
    const { root, contents } = await this.#trees.read(commit);
    const near = this.#revisions.near(root);
    const entries = near?.changes ?? refusing(commit, () => listFiles(root));
    const read = await this.#filesOf(entries, contents);
    const files = near ? exchangeFiles(near.kept, read) : read;
    this.#revisions.keep(commit, { root, files }, near);
    return { commit, files };
  }

  async fileAt(commit: string, path: string): Promise<RevisionFile | undefined> {
    const node = nodeAt(await this.tree(commit), path);
    if (node === undefined || isFolder(node)) return undefined;
    const { content } = await this.#objects.read(node.blob);
    return { path, blob: node.blob, content };
  }

  /** @throws HistoryEnd also, when the repository is shallow and the rest of its history may say something else. */
  async verify(
    commit: string,
    known: readonly string[],
    signers?: Buffer,
  ): Promise<SignatureFault | undefined> {
    checkCommitId(commit);
    known.forEach(checkCommitId);
    const history = new ExactHistory(this.#history);
    const people = signers && readAllowedSigners(signers.toString("utf8")).signers;
    const fault = await new SignedHistory(history, this.#managerKeys).verify(commit, known, people);
    if (fault && history.isDoubtful) throw new HistoryEnd(commit, this.gitDir);
    return fault;
  }

  /** The commits of `to` that `from` has not, newest first; signers as the revision `live` knows them. */
  async log(
    range: { readonly from: string | undefined; readonly to: string; readonly live?: string },
    countMax: number,
  ): Promise<readonly CommitInfo[]> {
    const { from, to, live = to } = range;
    const count = Math.max(1, Math.min(Math.trunc(countMax) || 1, LOG_MAX));
    const ids = await this.#list(to, from === undefined ? [] : [from], count);
    const objects = await this.#objects.readAll(ids);
    const people = await this.#signatures.signersAt(live);
    return readCommitInfos(ids, objects, { managerKeys: this.#managerKeys(), people });
  }

  /** False where the repository has not both; a shallow one also where it has not what lies between. */
  async isAncestor(ancestor: string, commit: string): Promise<boolean> {
    for (const id of [ancestor, commit]) checkCommitId(id);
    const input = Buffer.from(`${ancestor}\n${commit}\n`);
    const found = await this.git(["cat-file", "--batch-check=%(objecttype)"], { input });
    if (found !== "commit\ncommit\n") return false;
    // Unlike a list, it does not believe the dates of commits.
    return ancestor === commit || !(await this.#newest([ancestor, commit])).includes(ancestor);
  }

  /** Whether a commit comes after another one; mostly its parents say it. False where it is not there. */
  async comesAfter(commit: string, ancestor: string): Promise<boolean> {
    const object = await this.#objects.read(commit).catch(() => undefined);
    if (object && parseCommitObject(object).parents.includes(ancestor)) return true;
    return this.isAncestor(ancestor, commit);
  }

  /** Packs loose objects once there are many; nothing else of git's upkeep ever runs by itself. */
  async tidy(): Promise<void> {
    this.#untidyWrites += 1;
    if (this.#untidyWrites < TIDY_WRITES) return;
    this.#untidyWrites = 0;
    const args = ["maintenance", "run", "--quiet", "--task=loose-objects"];
    await this.git(args).catch((error: unknown) => {
      this.#log.warn(`the deployment repository was not tidied up: ${messageOf(error)}`);
    });
  }

  /** What is kept or at hand, and the rest from git. */
  async #filesOf(
    entries: readonly TreeEntry[],
    contents: ReadonlyMap<string, Buffer>,
  ): Promise<readonly RevisionFile[]> {
    const files = entries.map(({ path, blob }) => {
      const content = contents.get(blob);
      return this.#revisions.shared(path, blob) ?? (content && { path, blob, content });
    });
    const missing = entries.filter((_entry, index) => !files[index]);
    const read = await readBlobs(this.gitDir, missing);
    return entries.map(({ path, blob }, index) => files[index] ?? toFile(path, blob, read));
  }

  async #list(
    commit: string,
    known: readonly string[],
    countMax: number,
    more: readonly string[] = [],
  ): Promise<readonly string[]> {
    const without = known.map((one) => `^${one}`);
    const options = ["--ignore-missing", `--max-count=${countMax}`, ...more];
    const output = await this.git(["rev-list", ...options, commit, ...without, "--"]);
    return output.split("\n").filter((line) => line !== "");
  }

  async #newest(commits: readonly string[]): Promise<readonly string[]> {
    const output = await this.git(["merge-base", "--independent", ...commits]);
    return output.split("\n").filter((line) => line !== "");
  }
}

function toFile(path: string, blob: string, contents: ReadonlyMap<string, Buffer>): RevisionFile {
  const content = contents.get(blob);
  if (!content) throw new AppError("INTERNAL", `blob ${blob} of ${path} was not read`);
  return { path, blob, content };
}
