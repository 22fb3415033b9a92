/**
 * A deployment repository in memory, for tests of the manager: commits are numbered texts of 40 digits, trees are
 * maps. `failNext` makes the next call of one method fail, as a remote that is down does; `faults` are the commits
 * whose signatures are refused.
 */
import { createHash } from "node:crypto";
import type {
  Candidate,
  ChangeAuthor,
  CommitInfo,
  DeploymentPublisher,
  FileChange,
  LiveMove,
  LiveSeals,
  PathDifference,
  Proposal,
  RepositoryRefs,
  Revision,
  RevisionFile,
  SignatureFault,
} from "../../src/depsync/deployment-repository.ts";
import type { LiveSeal } from "../../src/depsync/signatures/live-seal.ts";
import { AppError } from "../../src/errors/app-error.ts";

type Tree = ReadonlyMap<string, Buffer>;
type Failing = "commit" | "moveLive" | "propose" | "goLive" | "refs";

interface StoredCommit extends CommitInfo {
  readonly tree: Tree;
}

export class MemoryPublisher implements DeploymentPublisher {
  readonly location = "memory:repository";
  /** All commits, in the order in which they were made. */
  readonly commits: StoredCommit[] = [];
  /** Commit → why its signature is refused. */
  readonly faults = new Map<string, SignatureFault>();
  #main: string | undefined;
  #live: string | undefined;
  /** The newest seal that was made here, and what the repository shows. */
  #known: LiveSeal | undefined;
  #found: LiveSeal | undefined;
  #candidates: readonly string[] = [];
  #failing: Failing | undefined;

  failNext(method: Failing): void {
    this.#failing = method;
  }

  head(): Promise<string | undefined> {
    return Promise.resolve(this.#main);
  }

  live(): Promise<string | undefined> {
    return Promise.resolve(this.#live);
  }

  async refs(): Promise<RepositoryRefs> {
    this.#failIfAsked("refs");
    return { main: this.#main, live: this.#live };
  }

  async read(commit: string): Promise<Revision> {
    const files = [...this.#stored(commit).tree].map(([path, content]) => toFile(path, content));
    return { commit, files };
  }

  async commit(
    changes: readonly FileChange[],
    message: string,
    author: ChangeAuthor,
  ): Promise<string> {
    this.#failIfAsked("commit");
    this.#main = this.#store({ base: this.#main, changes, message, author });
    return this.#main;
  }

  /** A commit that somebody has pushed to `main`. */
  push(changes: readonly FileChange[], message: string, user: string): string {
    const author = { user, via: "push" } as const;
    this.#main = this.#store({ base: this.#main, changes, message, author });
    return this.#main;
  }

  /** As somebody does who has not fetched what came meanwhile, and forces the push. */
  pushOnto(base: string, changes: readonly FileChange[], user: string): string {
    const author = { user, via: "push" } as const;
    this.#main = this.#store({ base, changes, message: "from before", author });
    return this.#main;
  }

  /** As somebody does who can write the repository. */
  setMain(commit: string): void {
    this.#main = commit;
  }

  async moveLive(to: string, from: string | undefined): Promise<void> {
    this.#failIfAsked("moveLive");
    if (this.#live !== from) throw failure("live has moved");
    this.#live = to;
  }

  /** As another manager does it, who knows what is live. */
  moveByOtherManager(commit: string): void {
    this.#live = commit;
    this.#found = this.#nextSeal(commit);
  }

  /** As somebody does who can write the repository: an older seal, or none. */
  showSeal(seal: LiveSeal | undefined): void {
    this.#found = seal;
  }

  /** The manager's own record is gone. */
  forgetSeal(): void {
    this.#known = undefined;
  }

  seals(): Promise<LiveSeals> {
    return Promise.resolve({ known: this.#known, found: this.#found });
  }

  async acceptSeal(): Promise<void> {
    this.#known = this.#found;
  }

  async seal(commit: string): Promise<void> {
    this.#known = this.#found = this.#nextSeal(commit);
  }

  async restoreLive(live: string | undefined): Promise<void> {
    if (!this.#known || this.#live !== live) throw failure("live cannot be put back");
    this.#live = this.#known.commit;
    this.#found = this.#known;
  }

  async sealOf(commit: string): Promise<string | undefined> {
    return this.#known?.commit === commit ? this.#known.id : undefined;
  }

  async propose(proposal: Proposal): Promise<string> {
    this.#failIfAsked("propose");
    const { base, changes, leavesOut, allowsEmpty = leavesOut !== undefined } = proposal;
    const tree = base === undefined ? new Map<string, Buffer>() : this.#stored(base).tree;
    const changed = changes.some(({ path, content }) => !isEqual(tree.get(path), content));
    if (base !== undefined && !changed && !allowsEmpty) return base;
    const commit = this.#store(proposal);
    this.#candidates = [commit, ...this.#candidates].slice(0, 20);
    return commit;
  }

  /** Everything must be fetched. */
  patchOf(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async nominate(commit: string): Promise<void> {
    this.#stored(commit);
    this.#candidates = [commit, ...this.#candidates.filter((one) => one !== commit)].slice(0, 20);
  }

  async goLive({ commit, live, main, movesMain }: LiveMove): Promise<void> {
    this.#failIfAsked("goLive");
    if (this.#live !== live) throw failure(`live is at ${this.#live}, not at ${live}`);
    if (movesMain && this.#main !== main) throw failure(`main is at ${this.#main}, not at ${main}`);
    this.#live = commit;
    this.#known = this.#found = this.#nextSeal(commit);
    if (movesMain) this.#main = commit;
    this.#candidates = this.#candidates.filter((one) => one !== commit);
  }

  candidates(): Promise<readonly Candidate[]> {
    const refOf = (commit: string) => `refs/heads/candidates/${commit.slice(0, 12)}`;
    return Promise.resolve(this.#candidates.map((commit) => ({ commit, ref: refOf(commit) })));
  }

  async dropCandidate(commit: string): Promise<void> {
    this.#candidates = this.#candidates.filter((one) => one !== commit);
  }

  /** A fault counts no more where the given file of signers names the author. */
  verify(
    commit: string,
    known: readonly string[],
    signers?: Buffer,
  ): Promise<SignatureFault | undefined> {
    const faults = this.#history(commit, known).map((one) => this.faults.get(one.commit));
    const isForgiven = (fault: SignatureFault): boolean =>
      signers?.includes(`${fault.author} `) === true;
    return Promise.resolve(faults.find((fault) => fault && !isForgiven(fault)));
  }

  async diff(from: string | undefined, to: string): Promise<readonly PathDifference[]> {
    const before = from === undefined ? new Map<string, Buffer>() : this.#stored(from).tree;
    const after = this.#stored(to).tree;
    const paths = [...new Set([...before.keys(), ...after.keys()])].toSorted();
    return paths
      .map((path) => ({ path, from: blobAt(before, path), to: blobAt(after, path) }))
      .filter((one) => one.from !== one.to);
  }

  /** Whole files: every old line goes, every new one comes. */
  async lines(
    from: string | undefined,
    to: string,
    paths: readonly string[],
  ): Promise<ReadonlyMap<string, string>> {
    const before = from === undefined ? undefined : this.#stored(from).tree;
    const after = this.#stored(to).tree;
    return new Map(
      paths.map((path) => [
        path,
        `@@\n${signed("-", before?.get(path))}${signed("+", after.get(path))}`,
      ]),
    );
  }

  async expand(prefix: string): Promise<string | undefined> {
    return this.commits.find(({ commit }) => commit.startsWith(prefix))?.commit;
  }

  async fileAt(commit: string, path: string): Promise<RevisionFile | undefined> {
    const content = this.#stored(commit).tree.get(path);
    return content && toFile(path, content);
  }

  async isAncestor(ancestor: string, commit: string): Promise<boolean> {
    if (!this.commits.some((one) => one.commit === commit)) return false;
    return this.#history(commit, []).some((one) => one.commit === ancestor);
  }

  async log(
    from: string | undefined,
    to: string,
    countMax: number,
  ): Promise<readonly CommitInfo[]> {
    const without = from === undefined ? [] : this.#history(from, []).map(({ commit }) => commit);
    return this.#history(to, without).slice(0, countMax);
  }

  async history(countMax: number): Promise<readonly CommitInfo[]> {
    return this.#main === undefined ? [] : this.#history(this.#main, []).slice(0, countMax);
  }

  #store({ base, changes, message, author, leavesOut, merges, trailers = [] }: Proposal): string {
    const tree = new Map(base === undefined ? undefined : this.#stored(base).tree);
    for (const { path, content } of changes) {
      if (content === undefined) tree.delete(path);
      else tree.set(path, content);
    }
    const commit = String(this.commits.length + 1)
      .padStart(12, "0")
      .padEnd(40, "0");
    const { user, via } = author;
    this.commits.push({
      commit,
      parents: [base, leavesOut, merges].filter((parent) => parent !== undefined),
      author: user,
      via,
      date: "",
      subject: message.split("\n")[0] ?? "",
      trailers: leavesOut === undefined ? trailers : [["Leaves-Out", leavesOut], ...trailers],
      signer: via === "push" ? undefined : { kind: "manager", name: "manager", fingerprint: "" },
      tree,
    });
    return commit;
  }

  #stored(commit: string): StoredCommit {
    const stored = this.commits.find((one) => one.commit === commit);
    if (!stored) throw failure(`no commit ${commit}`);
    return stored;
  }

  /** The commit and its ancestors, newest first, down to the known ones. */
  #history(commit: string, known: readonly string[]): readonly StoredCommit[] {
    const found = new Set<StoredCommit>();
    const open = [commit];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (known.includes(id)) continue;
      const stored = this.#stored(id);
      if (!found.has(stored)) open.push(...stored.parents);
      found.add(stored);
    }
    return this.commits.filter((one) => found.has(one)).toReversed();
  }

  #nextSeal(commit: string): LiveSeal {
    const number = Math.max(this.#known?.number ?? 0, this.#found?.number ?? 0) + 1;
    return { id: `seal-${number}`, commit, number };
  }

  #failIfAsked(method: Failing): void {
    if (this.#failing !== method) return;
    this.#failing = undefined;
    throw failure(`${method} failed: the remote is down`);
  }
}

function toFile(path: string, content: Buffer): RevisionFile {
  return { path, content, blob: createHash("sha1").update(content).digest("hex") };
}

function signed(sign: string, content: Buffer | undefined): string {
  const lines = content?.toString().split("\n").slice(0, -1) ?? [];
  return lines.map((line) => `${sign}${line}\n`).join("");
}

function blobAt(tree: Tree, path: string): string | undefined {
  const content = tree.get(path);
  return content && toFile(path, content).blob;
}

function isEqual(left: Buffer | undefined, right: Buffer | undefined): boolean {
  return left === undefined || right === undefined ? left === right : left.equals(right);
}

function failure(message: string): AppError {
  return new AppError("DEPLOYMENT_REPOSITORY", message, { retryable: true });
}
