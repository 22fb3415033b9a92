/**
 * The manager's side of the deployment repository: makes signed commits, keeps candidates, and moves `main` and `live`.
 * The truth is either a bare repository of the manager's own, or a remote one, of which a local copy is kept and
 * to which every change is pushed before it counts. All moves are compare-and-swap.
 */
import { type KeyObject, createPrivateKey } from "node:crypto";
import { mkdir, readdir } from "node:fs/promises";
import { dirname } from "node:path";
import { messageOf } from "../errors/app-error.ts";
import type { Log } from "../observability/log.ts";
import type { Clock } from "../runtime/clock.ts";
import type { RevisionPatch } from "./barrier/revision-stage.ts";
import { CandidateShelf } from "./candidate-shelf.ts";
import type {
  Candidate,
  ChangeAuthor,
  CommitInfo,
  DeploymentPublisher,
  FileChange,
  LiveMove,
  LiveSeals,
  OwnRepository,
  PathDifference,
  Proposal,
  RepositoryRefs,
  Revision,
  RevisionFile,
  SignatureFault,
} from "./deployment-repository.ts";
import { commitOfPrefix } from "./commit-prefix.ts";
import { makeCommit } from "./git-commit.ts";
import { prepareCopy } from "./git-copy.ts";
import { removeLeftovers } from "./git-leftovers.ts";
import { type GitCredentials, type GitLocation, parseGitLocation } from "./git-location.ts";
import { removeStaleLocks } from "./git-locks.ts";
import { runGit } from "./git-process.ts";
import { fetchRefs, listRemote, repositoryFailure } from "./git-remote.ts";
import { GitRepository, initRepository } from "./git-repository.ts";
import { lineDifference } from "./line-difference.ts";
import { LiveSealKeeper } from "./live-seals.ts";
import { RefMoves } from "./ref-moves.ts";
import { parseCommitObject } from "./objects/commit-object.ts";
import { bytesAt } from "./objects/folder.ts";
import { differenceOf } from "./objects/tree-difference.ts";
import { LIVE_REF, MAIN_REF, type RefUpdate, SEAL_REF, checkCommitId } from "./ref-names.ts";
import { PATCH_BYTES_MAX, PATCH_FILES_MAX, makePatch } from "./revision-patch.ts";
import { type SshPublicKey, ed25519PublicKey, rawEd25519 } from "./signatures/ssh-public-key.ts";

export interface PublisherOptions {
  /** Own repository: where it is; remote: where its local copy is. Made when absent. Absolute. */
  readonly folder: string;
  /** Path or URL of a remote repository; undefined: the folder is the truth. */
  readonly remote?: string;
  readonly credentials?: GitCredentials;
  /** Behind the "@" of authors' e-mail addresses. Default: "bascule.invalid". */
  readonly mailDomain?: string;
  /** The manager's own key, ed25519, as PEM or ready. Default: commits are not signed, and no worker takes them. */
  readonly signingKey?: string | KeyObject;
  /** Keys of other managers, whose commits count as this one's; asked at each look. Default: there are none. */
  readonly managerKeys?: () => readonly SshPublicKey[];
  readonly log: Log;
  readonly clock: Clock;
}

const MAIL_DOMAIN = "bascule.invalid";
/** How often a commit is made again on top of what another writer has pushed in between. */
const COMMIT_TRIES_MAX = 3;

class GitPublisher implements DeploymentPublisher {
  readonly location: string;
  readonly own: OwnRepository | undefined;
  readonly #options: PublisherOptions;
  readonly #repository: GitRepository;
  readonly #remote: GitLocation | undefined;
  readonly #candidates: CandidateShelf;
  readonly #moves: RefMoves;
  readonly #seals: LiveSealKeeper;
  readonly #signingKey: KeyObject | undefined;

  constructor(options: PublisherOptions, remote: GitLocation | undefined) {
    const { folder, log, signingKey, managerKeys = () => [] } = options;
    this.location = remote?.url ?? folder;
    this.#options = options;
    this.#remote = remote;
    this.#signingKey = typeof signingKey === "string" ? createPrivateKey(signingKey) : signingKey;
    const own = this.#signingKey ? [publicKeyOf(this.#signingKey)] : [];
    const keys = () => [...own, ...managerKeys()];
    this.#repository = new GitRepository({ gitDir: folder, log, managerKeys: keys });
    this.#seals = new LiveSealKeeper({
      repository: this.#repository,
      signingKey: this.#signingKey,
      managerKeys: keys,
      mailDomain: options.mailDomain ?? MAIL_DOMAIN,
      clock: options.clock,
      log,
    });
    this.own = remote ? undefined : this.#repository;
    this.#candidates = new CandidateShelf(this.#repository, remote);
    this.#moves = new RefMoves(this.#repository, remote);
  }

  async head(): Promise<string | undefined> {
    return (await this.refs()).main;
  }

  async live(): Promise<string | undefined> {
    return (await this.refs()).live;
  }

  refs(): Promise<RepositoryRefs> {
    return this.#remote ? this.#repository.write(() => this.#freshRefs()) : this.#freshRefs();
  }

  read(commit: string): Promise<Revision> {
    return this.#repository.read(commit);
  }

  fileAt(commit: string, path: string): Promise<RevisionFile | undefined> {
    return this.#repository.fileAt(commit, path);
  }

  verify(
    commit: string,
    known: readonly string[],
    signers?: Buffer,
  ): Promise<SignatureFault | undefined> {
    return this.#repository.verify(commit, known, signers);
  }

  isAncestor(ancestor: string, commit: string): Promise<boolean> {
    return this.#repository.isAncestor(ancestor, commit);
  }

  async diff(from: string | undefined, to: string): Promise<readonly PathDifference[]> {
    const before = from === undefined ? undefined : await this.#repository.tree(from);
    return differenceOf(before, await this.#repository.tree(to));
  }

  lines(
    from: string | undefined,
    to: string,
    paths: readonly string[],
  ): Promise<ReadonlyMap<string, string>> {
    return lineDifference(this.#repository.gitDir, { from, to, paths });
  }

  expand(prefix: string): Promise<string | undefined> {
    return commitOfPrefix(this.#repository.gitDir, prefix);
  }

  async history(countMax: number): Promise<readonly CommitInfo[]> {
    const refs = await this.#repository.resolveAll([MAIN_REF, LIVE_REF]);
    const main = refs.get(MAIN_REF);
    if (main === undefined) return [];
    const live = refs.get(LIVE_REF) ?? main;
    return this.#repository.log({ from: undefined, to: main, live }, countMax);
  }

  async log(
    from: string | undefined,
    to: string,
    countMax: number,
  ): Promise<readonly CommitInfo[]> {
    checkCommitId(to);
    if (from !== undefined) checkCommitId(from);
    const live = (await this.#repository.resolveAll([LIVE_REF])).get(LIVE_REF) ?? to;
    return this.#repository.log({ from, to, live }, countMax);
  }

  propose(proposal: Proposal): Promise<string> {
    return this.#repository.write(async () => {
      const { base, leavesOut, merges } = proposal;
      for (const id of [leavesOut, merges]) if (id !== undefined) checkCommitId(id);
      const commit = await this.#make(proposal);
      if (commit === base) return commit;
      await this.#candidates.put(commit);
      await this.#repository.tidy();
      return commit;
    });
  }

  async patchOf(base: string, commit: string): Promise<RevisionPatch | undefined> {
    checkCommitId(base);
    const object = await this.#repository.objects.read(commit);
    const { parents } = parseCommitObject(object);
    if (parents.length !== 1 || parents[0] !== base) return undefined;
    const changed = await this.diff(base, commit);
    if (changed.length > PATCH_FILES_MAX) return undefined;
    const root = await this.#repository.tree(commit);
    const bytes = changed.map(({ path }) => bytesAt(root, path));
    if (bytes.reduce((sum, one) => sum + one, 0) > PATCH_BYTES_MAX) return undefined;
    const blobs = changed.flatMap(({ to }) => (to === undefined ? [] : [to]));
    const contents = await this.#repository.objects.readAll(blobs);
    const changes = changed.map(({ path, to }) => ({
      path,
      content: to === undefined ? undefined : contents.get(to)?.content,
    }));
    return makePatch(base, object.content, changes);
  }

  nominate(commit: string): Promise<void> {
    checkCommitId(commit);
    return this.#repository.write(() => this.#candidates.put(commit));
  }

  candidates(): Promise<readonly Candidate[]> {
    return this.#candidates.list();
  }

  dropCandidate(commit: string): Promise<void> {
    checkCommitId(commit);
    return this.#repository.write(() => this.#candidates.drop(commit));
  }

  goLive(move: LiveMove): Promise<void> {
    return this.#repository.write(async () => {
      const shown = this.#seals.shown;
      try {
        await this.#goLive(move);
      } catch (error) {
        const { live, main } = await this.#freshRefs();
        const isThere = live === move.live && (!move.movesMain || main === move.main);
        // Another manager has said anew what is live, at its start, or somebody else has changed that: nothing else is in the way.
        if (!isThere || this.#seals.shown === shown) throw error;
        await this.#goLive(move);
      }
    });
  }

  seals(): Promise<LiveSeals> {
    return this.#seals.seals();
  }

  acceptSeal(): Promise<void> {
    return this.#repository.write(() => this.#seals.accept());
  }

  seal(commit: string): Promise<void> {
    checkCommitId(commit);
    return this.#repository.write(async () => {
      const next = await this.#seals.next(commit);
      if (!next) return;
      await this.#moves.move([next.update]);
      await this.#seals.keep(next);
    });
  }

  restoreLive(live: string | undefined): Promise<void> {
    return this.#repository.write(async () => {
      const { known } = await this.#seals.seals();
      if (!known) throw repositoryFailure("what is live is not known: nothing is put back", false);
      if (live === known.commit && known.id === this.#seals.shown) return;
      // Refs are not read all at one moment: another manager may just have moved the seal too.
      const back = await this.#seals.back();
      const updates: RefUpdate[] = back ? [back] : [];
      if (live !== known.commit) updates.unshift({ ref: LIVE_REF, to: known.commit, from: live });
      await this.#moves.move(updates);
      this.#seals.show(known.id);
    });
  }

  sealOf(commit: string): Promise<string | undefined> {
    return this.#seals.textOf(commit);
  }

  commit(changes: readonly FileChange[], message: string, author: ChangeAuthor): Promise<string> {
    return this.#repository.write(async () => {
      for (let tries = 1; ; tries += 1) {
        const base = (await this.#freshRefs()).main;
        const commit = await this.#make({ base, changes, message, author });
        if (commit === base) return commit;
        try {
          await this.#moves.move([{ ref: MAIN_REF, to: commit, from: base }]);
          await this.#repository.tidy();
          return commit;
        } catch (error) {
          // Only when somebody else was quicker is it worth another try.
          const moved = (await this.#freshRefs()).main !== base;
          if (!moved || tries >= COMMIT_TRIES_MAX) throw error;
        }
      }
    });
  }

  moveLive(to: string, from: string | undefined): Promise<void> {
    return this.goLive({ commit: to, live: from, main: undefined, movesMain: false });
  }

  async #goLive(move: LiveMove): Promise<void> {
    const { commit } = move;
    const next = await this.#seals.next(commit);
    await this.#moves.goLive(move, next?.update);
    this.#candidates.take(commit);
    if (next) await this.#seals.keep(next);
  }

  /** Makes the objects of a commit; its base where nothing changes. */
  async #make(proposal: Proposal): Promise<string> {
    const { base } = proposal;
    const before = base === undefined ? undefined : await this.#repository.tree(base);
    const made = makeCommit(proposal, before, {
      wallSeconds: this.#options.clock.wallMs() / 1000,
      mailDomain: this.#options.mailDomain ?? MAIL_DOMAIN,
      signingKey: this.#signingKey,
    });
    if (!made) return base ?? "";
    await this.#repository.objects.write(made.objects);
    this.#repository.rememberTree(made.commit, made.root);
    return made.commit;
  }

  async #freshRefs(): Promise<RepositoryRefs> {
    if (this.#remote) {
      const { main, live, seal } = await listRemote(this.#remote);
      await fetchRefs(this.#repository, this.#remote, { main, live, seal });
      this.#seals.show(seal);
      return { main, live };
    }
    const refs = await this.#repository.resolveAll([MAIN_REF, LIVE_REF, SEAL_REF]);
    this.#seals.show(refs.get(SEAL_REF));
    return { main: refs.get(MAIN_REF), live: refs.get(LIVE_REF) };
  }
}

function publicKeyOf(signingKey: KeyObject): SshPublicKey {
  try {
    return ed25519PublicKey(rawEd25519(signingKey));
  } catch (error) {
    throw repositoryFailure(`the manager cannot sign with its key: ${messageOf(error)}`, false);
  }
}

/**
 * Opens the deployment repository for writing. A remote one need not answer yet.
 * @throws AppError DEPLOYMENT_REPOSITORY when the folder holds something else, or the remote's form is not allowed.
 */
export async function openPublisher(options: PublisherOptions): Promise<DeploymentPublisher> {
  const { folder, log } = options;
  if (options.remote !== undefined) {
    const remote = parseGitLocation(options.remote, options.credentials);
    await prepareCopy(folder, log);
    return new GitPublisher(options, remote);
  }
  await prepareOwn(folder, log);
  return new GitPublisher(options, undefined);
}

/** The truth is never moved aside or made anew: what is wrong with it must be seen by a person. */
async function prepareOwn(folder: string, log: Log): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  if (names.length === 0) {
    await mkdir(dirname(folder), { recursive: true });
    await initRepository(folder);
    log.info(`made the deployment repository ${folder}`);
    return;
  }
  const bare = await runGit({ gitDir: folder, args: ["rev-parse", "--is-bare-repository"] }).catch(
    (error: unknown) => messageOf(error),
  );
  if (bare.trim() !== "true") {
    throw repositoryFailure(
      `${folder} is not empty and no bare git repository (${bare.trim()}): restore it, or name another folder`,
      false,
    );
  }
  await removeStaleLocks(folder, log);
  await removeLeftovers(folder);
}
