/**
 * What manager and worker see of the deployment repository. Refs: `main` is what admins wrote, `live` is what the
 * cluster runs, `candidates/<12 hex>` is what was proposed and not (yet) taken. Implemented by `git-publisher.ts` and
 * `git-mirror.ts`.
 */
import type { RevisionPatch } from "./barrier/revision-stage.ts";
import type { LiveSeal } from "./signatures/live-seal.ts";

/** A file of a revision: blob id and content. */
export interface RevisionFile {
  /** With "/", relative to the repository's root. */
  readonly path: string;
  /** git's blob id; equal ids mean equal content. */
  readonly blob: string;
  readonly content: Buffer;
}

/** All files of one commit. Files that two revisions share are the same objects, as long as both are in memory. */
export interface Revision {
  /** The full commit id. */
  readonly commit: string;
  readonly files: readonly RevisionFile[];
}

/** Who made a change and how it came; becomes author and trailers of the commit. */
export interface ChangeAuthor {
  /** The admin's user name. */
  readonly user: string;
  /** Written as the trailer `Deployed-By:`. "manager": nobody asked for it (taking over a repository). */
  readonly via: "api" | "cli" | "console" | "file" | "car" | "push" | "rollback" | "manager";
}

/** One change to the tree: content undefined removes the file. */
export interface FileChange {
  readonly path: string;
  readonly content: Buffer | undefined;
}

/** Whose signature a commit bears, as its reader knows the keys now. */
export interface CommitSigner {
  /** "unknown": the signature is sound, its key is nobody's. "invalid": it does not fit the commit, or cannot be read. */
  readonly kind: "manager" | "person" | "unknown" | "invalid";
  /** The principal of `.bascule/allowed_signers`; empty where there is none. */
  readonly name: string;
  /** SHA256:..., as ssh-keygen shows it; empty where the signature cannot be read. */
  readonly fingerprint: string;
}

export interface CommitInfo {
  readonly commit: string;
  readonly parents: readonly string[];
  readonly author: string;
  /** ISO 8601, of the author. */
  readonly date: string;
  readonly subject: string;
  /** The trailer `Deployed-By:`; empty where there is none. */
  readonly via: string;
  /** All trailers of the message, in order. */
  readonly trailers: readonly Trailer[];
  /** Undefined: unsigned. */
  readonly signer: CommitSigner | undefined;
}

export type Trailer = readonly [key: string, value: string];

export interface RepositoryRefs {
  readonly main: string | undefined;
  readonly live: string | undefined;
}

/** A change as it is proposed. */
export interface Proposal {
  /** The commit whose tree is changed, and first parent; undefined: the repository is empty. Mostly what is live. */
  readonly base: string | undefined;
  readonly changes: readonly FileChange[];
  readonly message: string;
  readonly author: ChangeAuthor;
  /** A second parent whose content is not taken: the refused head of `main`. Becomes the trailer `Leaves-Out:` too. */
  readonly leavesOut?: string;
  /** A second parent whose changes are among `changes`: a head of `main` that is taken. Becomes the trailer `Merges:` too. */
  readonly merges?: string;
  /** Beside `Deployed-By`, `Leaves-Out` and `Merges`. */
  readonly trailers?: readonly Trailer[];
  /** A commit is made although nothing changes. Default: only where `leavesOut` is given. */
  readonly allowsEmpty?: boolean;
}

/** The step that makes a candidate live. */
export interface LiveMove {
  readonly commit: string;
  /** Where `live` is expected; undefined: it must not exist. */
  readonly live: string | undefined;
  /** Where `main` is expected; looked at only where it moves. */
  readonly main: string | undefined;
  /** Whether `main` moves to the commit as well. */
  readonly movesMain: boolean;
}

/** What managers have said last of what is live (`signatures/live-seal.ts`), as of the last look at the refs. */
export interface LiveSeals {
  /** The newest that this manager has made or accepted, from its own record; undefined: it has none. */
  readonly known: LiveSeal | undefined;
  /** What the repository shows; undefined: nothing, or nothing that a manager has signed. */
  readonly found: LiveSeal | undefined;
}

export interface Candidate {
  readonly commit: string;
  /** refs/heads/candidates/<first 12 hex of the commit>. */
  readonly ref: string;
}

/** Why a revision is not trusted: the first commit of its history that nobody known has signed. */
export interface SignatureFault {
  readonly commit: string;
  readonly author: string;
  /** "is not signed", "is signed by the unknown key SHA256:...", ...: the end of a sentence. */
  readonly reason: string;
  /** What an admin can do about it, a sentence. */
  readonly advice: string;
}

/** A path that differs between two commits; an undefined blob: it is not there. */
export interface PathDifference {
  readonly path: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** What both sides can ask of commits that they have. Every call may reject with AppError DEPLOYMENT_REPOSITORY. */
export interface RevisionReader {
  /** The files of a commit. @throws also when the tree holds what is not deployed (links, hostile names, huge files). */
  read(commit: string): Promise<Revision>;
  /**
   * Whether the commit may be run: every commit from it down to ones that a manager has signed, or that are in `known`
   * (verified earlier: the running revision), is signed by a known signer. Undefined: it may. `signers`: a file of signers
   * that counts in the place of those that the vouching commits know.
   */
  verify(
    commit: string,
    known: readonly string[],
    signers?: Buffer,
  ): Promise<SignatureFault | undefined>;
}

/** A bare repository that belongs to this process, for whoever serves it to others. */
export interface OwnRepository {
  /** Absolute. */
  readonly gitDir: string;
  /** Runs work that writes the repository while nothing else of this process does. */
  write<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** The manager's side: the only one that writes. */
export interface DeploymentPublisher extends RevisionReader {
  /** Undefined: the truth is somewhere else. */
  readonly own?: OwnRepository | undefined;
  /** The URL or path from which workers fetch. */
  readonly location: string;
  /** The newest commit of `main`, or undefined in an empty repository. */
  head(): Promise<string | undefined>;
  /** The commit that `live` names. */
  live(): Promise<string | undefined>;
  /** Both in one look; of a remote repository they are asked for and fetched. */
  refs(): Promise<RepositoryRefs>;
  /** Commits the changes on top of `main` and pushes; returns the new commit, or the old one when nothing differs. */
  commit(changes: readonly FileChange[], message: string, author: ChangeAuthor): Promise<string>;
  /** Moves `live` from `from` to `to`, or fails when `live` is elsewhere by now. */
  moveLive(to: string, from: string | undefined): Promise<void>;
  /**
   * Makes a signed commit and keeps it as a candidate, from where workers can fetch it; returns its id, or `base` when
   * nothing differs. Neither `main` nor `live` move. Of the candidates the newest 20 stay.
   */
  propose(proposal: Proposal): Promise<string>;
  /**
   * What a commit changes on top of its base, for workers that have the base; undefined: it is too much, or the base is not its
   * only parent, so that it must be fetched.
   */
  patchOf(base: string, commit: string): Promise<RevisionPatch | undefined>;
  /** Makes a commit that is there already (somebody's push to `main`) a candidate. */
  nominate(commit: string): Promise<void>;
  /**
   * Moves `live`, and `main` where asked, in one step: both or none, each only from where it is expected. `live` may go
   * back, `main` only forward. @throws AppError DEPLOYMENT_REPOSITORY that says which ref was elsewhere, and where.
   */
  goLive(move: LiveMove): Promise<void>;
  /** What is said to be live, here and there. */
  seals(): Promise<LiveSeals>;
  /** What the repository shows as said by a manager counts for this one from now on. */
  acceptSeal(): Promise<void>;
  /** Says anew that the commit, where `live` is, is live. @throws AppError DEPLOYMENT_REPOSITORY. */
  seal(commit: string): Promise<void>;
  /**
   * Moves `live` and its seal back to what this manager knows. `live`: where it is. @throws AppError
   * DEPLOYMENT_REPOSITORY, also when nothing is known or the commit is not here.
   */
  restoreLive(live: string | undefined): Promise<void>;
  /** What this manager has said of the commit, in base64, for workers; undefined: that is not what it knows to be live. */
  sealOf(commit: string): Promise<string | undefined>;
  /** The candidates that are kept, newest first; what this publisher has made live is none any more. */
  candidates(): Promise<readonly Candidate[]>;
  /** Forgets a candidate; one that is not there is no failure. */
  dropCandidate(commit: string): Promise<void>;
  /** The paths that differ, in order. `from` undefined: an empty tree. */
  diff(from: string | undefined, to: string): Promise<readonly PathDifference[]>;
  /**
   * Path → what differs line by line, as a unified difference without its head, for paths that differ; "" for a binary file.
   * Of the first 200 paths. `from` undefined: an empty tree.
   */
  lines(
    from: string | undefined,
    to: string,
    paths: readonly string[],
  ): Promise<ReadonlyMap<string, string>>;
  /** The commit whose id begins with so many digits (7 at least). @throws AppError REQUEST_INVALID when several do. */
  expand(prefix: string): Promise<string | undefined>;
  /** One file of a commit, or undefined where it has none of that path. */
  fileAt(commit: string, path: string): Promise<RevisionFile | undefined>;
  /** Whether `ancestor` is `commit` or one of its ancestors; false where the repository has not both. */
  isAncestor(ancestor: string, commit: string): Promise<boolean>;
  /** The commits that `to` has beyond `from` (undefined: all), newest first, at most 1000. */
  log(from: string | undefined, to: string, countMax: number): Promise<readonly CommitInfo[]>;
  /** The newest commits of `main`, newest first, at most 1000. */
  history(countMax: number): Promise<readonly CommitInfo[]>;
}

/** A worker's side: a bare mirror that is fetched into and read from, never written back. */
export interface DeploymentMirror extends RevisionReader {
  /**
   * Fetches, and returns the commit that is live: what the newest seal names, or `live` itself while this mirror has followed no
   * seal and there is none. Undefined: there is none yet, or nothing that may be followed, which is logged.
   * @throws AppError DEPLOYMENT_REPOSITORY.
   */
  fetchLive(): Promise<string | undefined>;
  /**
   * Stores a candidate from what it changes, without asking the repository. False, when that does not work out (the base is
   * not here, it does not fit): then it must be fetched.
   */
  store(commit: string, patch: RevisionPatch): Promise<boolean>;
  /** Fetches a candidate, and `live` with it; asks nothing where the mirror has it. @throws AppError DEPLOYMENT_REPOSITORY. */
  fetchCandidate(commit: string): Promise<void>;
  /** Whether a manager's request to switch to the commit counts; `seal`: what it brought (`sealOf`). */
  admits(commit: string, seal: string | undefined): Promise<boolean>;
  /** Remembers the revision that runs well, for the next start; the two before it are kept too. */
  rememberGood(commit: string): Promise<void>;
  /** The remembered revision, if the mirror still has it. */
  lastGood(): Promise<string | undefined>;
  /** All that are remembered, the newest first. */
  goodRevisions(): Promise<readonly string[]>;
}
