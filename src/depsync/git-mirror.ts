/**
 * A worker's mirror of the deployment repository. It opens and answers `lastGood` and `read` with the other
 * repository down, heals itself when its folder is damaged, and never writes to the other side.
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError, messageOf } from "../errors/app-error.ts";
import type { Log } from "../observability/log.ts";
import type { DeploymentMirror, Revision, SignatureFault } from "./deployment-repository.ts";
import type { RevisionPatch } from "./barrier/revision-stage.ts";
import { prepareCopy, renewCopy } from "./git-copy.ts";
import {
  type GitCredentials,
  type GitLocation,
  type RepositoryAccess,
  parseGitLocation,
} from "./git-location.ts";
import type { ConfigPair } from "./git-process.ts";
import { type RemoteRefs, listRemote, staleRefs } from "./git-remote.ts";
import { GitRepository } from "./git-repository.ts";
import { MirrorFetch } from "./mirror-fetch.ts";
import { parseCommitObject, parsePerson } from "./objects/commit-object.ts";
import type { GitObject } from "./objects/object-id.ts";
import { PatchedCommits } from "./patched-commits.ts";
import { ANYWHERE, GOOD_REFS, LIVE_REF, candidateRef, checkCommitId } from "./ref-names.ts";
import { HistoryEnd } from "./shallow-edges.ts";
import type { SshPublicKey } from "./signatures/ssh-public-key.ts";
import { FollowedSeal } from "./followed-seal.ts";

export interface MirrorOptions {
  /** Folder of the bare mirror; made when absent. Absolute. */
  readonly folder: string;
  /**
   * Path or URL to fetch from, asked for at each fetch: workers learn it from the cluster, and it may
   * change. Undefined: not known yet, `fetchLive` rejects.
   */
  readonly location: () => string | undefined;
  readonly credentials?: GitCredentials;
  /** Asked before each fetch how a location is reached; undefined: as it stands, with the credentials. */
  readonly access?: (location: string) => Promise<RepositoryAccess | undefined>;
  /** Keys of the managers, whose signatures vouch for revisions; asked at each look. Default: none, nothing verifies. */
  readonly managerKeys?: () => readonly SshPublicKey[];
  /** Commits that a first fetch brings of the history. Default: FIRST_DEPTH. Less: verifications fetch more of it sooner. */
  readonly depth?: number;
  readonly log: Log;
}

/** Remembered names, at most; they are all forgotten then, which only delays a repair. */
const NAMED_MAX = 100;

/**
 * With git's own check even the smallest fetch becomes a pack of its own, and a long history takes long. What counts of a
 * revision is read and checked in this process: ids, the forms of commits and trees, every name.
 */
const WITHOUT_FSCK: readonly ConfigPair[] = [["fetch.fsckObjects", "false"]];

/** Candidates whose names a mirror keeps, and up to twice as many: each one makes the next fetch look at one more tree. */
const CANDIDATES_MAX = 3;

/** How often a history is deepened for one verification; the last time finds that nothing more comes. */
const DEEPENINGS_MAX = 3;

class GitMirror implements DeploymentMirror {
  readonly #options: MirrorOptions;
  readonly #repository: GitRepository;
  readonly #fetching: MirrorFetch;
  /** Why the folder must be made anew at the next fetch. */
  #damage: string | undefined;
  /** The other side's refs after the last fetch: most looks find them unchanged, and then ask git nothing more. */
  #fetched: RemoteRefs | undefined;
  /** What the good refs name, since this object has set them; nobody else does. */
  #good: readonly string[] | undefined;
  readonly #patched: PatchedCommits;
  readonly #seal: FollowedSeal;
  /** What the branch of seals named at the last look: mostly the same again, and git would be asked where it is packed. */
  #shown: { readonly id: string; readonly object: GitObject } | undefined;
  /** Candidates that were fetched, the newest last. */
  readonly #candidates = new Set<string>();
  /** Commits that this object has named; they must be readable. */
  readonly #named = new Set<string>();

  constructor(options: MirrorOptions) {
    this.#options = options;
    const { folder, log, depth, managerKeys = () => [] } = options;
    this.#repository = new GitRepository({ gitDir: folder, log, managerKeys });
    this.#fetching = new MirrorFetch(this.#repository, log, depth);
    this.#patched = new PatchedCommits(this.#repository);
    this.#seal = new FollowedSeal({ gitDir: folder, managerKeys, log });
  }

  fetchLive(): Promise<string | undefined> {
    return this.#repository.write(async () => {
      const source = await this.#source();
      const refs = await listRemote(source);
      await this.#noteLoss();
      // Only now, when the other side is known to answer: a damaged mirror may still hold the last good revisions.
      const good = this.#damage === undefined ? [] : await this.#renew(this.#damage);
      if (!isSame(refs, this.#fetched)) await this.#fetch(source, refs);
      await this.#restoreGood(good, source);
      this.#name(refs.live);
      return this.#followable(refs);
    });
  }

  /** Not in the queue of what writes: a look that is under way must not hold up a deploy. */
  async store(commit: string, patch: RevisionPatch): Promise<boolean> {
    checkCommitId(commit);
    checkCommitId(patch.base);
    if (this.#damage !== undefined) return false;
    try {
      if (!(await this.#patched.store(commit, patch))) return false;
      // The folder may have been made anew meanwhile.
      if (!this.#patched.has(commit)) return false;
      this.#name(commit);
      return true;
    } catch (error) {
      this.#noteDamage(error);
      const { log } = this.#options;
      log.warn(`Candidate ${commit} is fetched, for what came of it failed: ${messageOf(error)}`);
      return false;
    }
  }

  async fetchCandidate(commit: string): Promise<void> {
    checkCommitId(commit);
    if (this.#damage === undefined && this.#patched.has(commit)) return;
    await this.#noteLoss();
    // What is damaged is made anew with all that is live.
    if (this.#damage !== undefined) await this.fetchLive();
    await this.#repository.write(async () => {
      if (this.#candidates.has(commit)) return;
      await this.#fetchCandidate(await this.#source(), commit);
      this.#candidates.add(commit);
      this.#name(commit);
      await this.#dropCandidates();
      await this.#repository.tidy();
    });
  }

  /** Where it would take more of the history than is here, more is fetched. */
  async verify(commit: string, known: readonly string[]): Promise<SignatureFault | undefined> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await this.#checkEnds();
        return await this.#noting(commit, () => this.#repository.verify(commit, known));
      } catch (error) {
        if (!(error instanceof HistoryEnd)) throw error;
        if (!(await this.#deepen(commit, attempt))) return this.#endFault(commit);
      }
    }
  }

  read(commit: string): Promise<Revision> {
    return this.#noting(commit, () => this.#repository.read(commit));
  }

  rememberGood(commit: string): Promise<void> {
    checkCommitId(commit);
    return this.#repository.write(async () => {
      const known = await this.goodRevisions();
      if (known[0] !== commit) {
        await this.#patched.settle();
        await this.#setGood([commit, ...known.filter((one) => one !== commit)]);
        await this.#repository.tidy();
      }
      await this.#seal.remember(commit);
    });
  }

  admits(commit: string, seal: string | undefined): Promise<boolean> {
    return this.#seal.admits(commit, seal);
  }

  /** The newest of them that is still there. */
  async lastGood(): Promise<string | undefined> {
    for (const good of await this.goodRevisions()) {
      if (!(await this.#repository.hasCommit(good).catch(() => false))) continue;
      this.#name(good);
      return good;
    }
    return undefined;
  }

  async goodRevisions(): Promise<readonly string[]> {
    if (this.#good) return this.#good;
    const refs = await this.#repository.resolveAll(GOOD_REFS).catch(() => undefined);
    return GOOD_REFS.map((ref) => refs?.get(ref)).filter((commit) => commit !== undefined);
  }

  /** What the newest seal names: `live` is a name that anybody moves who can write the other repository. */
  async #followable({ live, seal }: RemoteRefs): Promise<string | undefined> {
    const object = seal === undefined ? undefined : await this.#sealObject(seal);
    const commit = await this.#seal.choose(object, live);
    // It runs already, under an older seal. Where the disk does not take it, the follower has said so.
    if (commit !== undefined && (await this.goodRevisions())[0] === commit)
      await this.#seal.remember(commit).catch(() => {});
    return commit;
  }

  async #sealObject(id: string): Promise<GitObject> {
    if (this.#shown?.id === id) return this.#shown.object;
    try {
      const object = await this.#repository.objects.read(id);
      this.#shown = { id, object };
      return object;
    } catch (error) {
      this.#noteDamage(error);
      throw error;
    }
  }

  /** Whatever the working folder has lost is told by what was named and cannot be read. */
  async #noting<Result>(commit: string, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (this.#named.has(commit)) this.#noteDamage(error);
      throw error;
    }
  }

  async #source(): Promise<GitLocation> {
    const { location, credentials, access } = this.#options;
    const text = location();
    if (text !== undefined) {
      const given = await access?.(text);
      const source = given
        ? { ...given, protocol: "https" as const }
        : parseGitLocation(text, credentials);
      return { ...source, config: [...source.config, ...WITHOUT_FSCK] };
    }
    throw new AppError(
      "DEPLOYMENT_REPOSITORY",
      "where the deployment repository is, is not known yet: no manager has told it",
      { side: "peer", retryable: true },
    );
  }

  async #fetchCandidate(source: GitLocation, commit: string): Promise<void> {
    const ref = candidateRef(commit);
    try {
      await this.#fetching.fetch(source, [ref, LIVE_REF]);
    } catch (error) {
      this.#noteDamage(error);
      // Before the first deploy nothing is live.
      if (!messageOf(error).includes(`couldn't find remote ref ${LIVE_REF}`)) throw error;
      await this.#fetching.fetch(source, [ref]);
    }
  }

  async #deepen(commit: string, attempt: number): Promise<boolean> {
    if (attempt >= DEEPENINGS_MAX) return false;
    return this.#repository.write(async () => {
      try {
        return await this.#fetching.deepen(await this.#source(), commit, attempt);
      } catch (error) {
        this.#noteDamage(error);
        throw error;
      }
    });
  }

  async #endFault(commit: string): Promise<SignatureFault> {
    const object = parseCommitObject(await this.#repository.objects.read(commit));
    return { commit, author: parsePerson(object.author).name, ...NO_HISTORY };
  }

  async #dropCandidates(): Promise<void> {
    if (this.#candidates.size <= 2 * CANDIDATES_MAX) return;
    const dropped = [...this.#candidates].slice(0, -CANDIDATES_MAX);
    await this.#repository.moveRefs(
      dropped.map((commit) => ({ ref: candidateRef(commit), to: undefined, from: ANYWHERE })),
    );
    for (const commit of dropped) this.#candidates.delete(commit);
  }

  async #setGood(commits: readonly string[]): Promise<void> {
    const kept = commits.slice(0, GOOD_REFS.length);
    this.#good = undefined;
    await this.#repository.moveRefs(
      kept.map((to, index) => ({ ref: GOOD_REFS[index] ?? GOOD_REFS[0], to, from: ANYWHERE })),
    );
    this.#good = kept;
  }

  /** What ran last is wanted for the next start, however far down it lies. */
  async #restoreGood(commits: readonly string[], source: GitLocation): Promise<void> {
    const [newest] = commits;
    if (newest === undefined) return;
    if (!(await this.#repository.hasCommit(newest)))
      await this.#fetching.deepen(source, newest, DEEPENINGS_MAX).catch((error: unknown) => {
        this.#options.log.warn(`The good revision ${newest} is lost: ${messageOf(error)}`);
      });
    const present: string[] = [];
    for (const commit of commits) {
      if (await this.#repository.hasCommit(commit)) present.push(commit);
    }
    await this.#setGood(present);
  }

  async #fetch(source: GitLocation, refs: RemoteRefs): Promise<void> {
    this.#fetched = undefined;
    try {
      const stale = await staleRefs(this.#repository, refs);
      if (stale.length > 0) await this.#fetching.fetch(source, stale);
      this.#fetched = refs;
    } catch (error) {
      this.#noteDamage(error);
      throw error;
    }
  }

  /** Makes the folder anew and returns what was good, if that can still be read. */
  async #renew(reason: string): Promise<readonly string[]> {
    const good = await this.goodRevisions();
    await renewCopy(this.#options.folder, reason, this.#options.log);
    this.#damage = undefined;
    this.#fetched = undefined;
    this.#good = undefined;
    this.#candidates.clear();
    this.#patched.clear();
    this.#fetching.reset();
    return good;
  }

  #name(commit: string | undefined): void {
    if (this.#named.size >= NAMED_MAX) this.#named.clear();
    if (commit !== undefined) this.#named.add(commit);
  }

  /** Whether somebody has removed the folder: what is in memory would hide it until the next start. */
  async #noteLoss(): Promise<void> {
    const head = await stat(join(this.#options.folder, "HEAD")).catch(() => undefined);
    if (!head) this.#damage ??= "somebody has removed it";
    else if (await this.#fetching.isTampered()) this.#damage ??= TAMPERED;
  }

  /** A history that seems to be whole, and is not, would tell a verification what is not so. */
  async #checkEnds(): Promise<void> {
    if (await this.#fetching.isTampered()) this.#damage ??= TAMPERED;
    if (this.#damage !== TAMPERED) return;
    const { folder } = this.#options;
    const message = `nothing is verified in ${folder} before it is fetched anew: ${TAMPERED}`;
    throw new AppError("DEPLOYMENT_REPOSITORY", message, { retryable: true });
  }

  #noteDamage(error: unknown): void {
    const message = messageOf(error);
    if (isDamage(message)) this.#damage = message;
  }
}

const TAMPERED = "somebody has changed where its history ends (the file shallow)";

/** The deployment repository itself is shallow, or a node of its refs has gone. */
const NO_HISTORY = {
  reason: "has a history that the deployment repository does not hold down to what vouches for it",
  advice: "Fetch the rest of the history into the deployment repository (`git fetch --unshallow`)",
};

function isSame(refs: RemoteRefs, fetched: RemoteRefs | undefined): boolean {
  return (
    fetched !== undefined &&
    refs.main === fetched.main &&
    refs.live === fetched.live &&
    refs.seal === fetched.seal
  );
}

/** Whether git's words say that the local objects or refs are broken, and not the other side. */
function isDamage(message: string): boolean {
  return /is missing or damaged|not a git repository|not a tree object|not a valid object|bad object|bad tree|missing object|corrupt|too short|unable to read|could not read|is empty|bad shallow line|inflate|did not send all necessary|packed object/i.test(
    message,
  );
}

/** Opens the mirror, whether or not the other repository answers. @throws AppError DEPLOYMENT_REPOSITORY when the folder cannot be written. */
export async function openMirror(options: MirrorOptions): Promise<DeploymentMirror> {
  try {
    await prepareCopy(options.folder, options.log);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError(
      "DEPLOYMENT_REPOSITORY",
      `the mirror ${options.folder} cannot be made: ${messageOf(error)}`,
      { cause: error },
    );
  }
  return new GitMirror(options);
}
