/**
 * What manager and worker see of the deployment repository. Refs: `main` is what admins wrote, `live` is
 * what the cluster runs. The implementation is in `git-repository.ts`, the only room of simple-git.
 */

/** A file of a revision: blob id and content. */
export interface RevisionFile {
  /** With "/", relative to the repository's root. */
  readonly path: string;
  /** git's blob id; equal ids mean equal content. */
  readonly blob: string;
  readonly content: Buffer;
}

/** All files of one commit. */
export interface Revision {
  /** The full commit id. */
  readonly commit: string;
  readonly files: readonly RevisionFile[];
}

/** Who made a change and how it came; becomes author and trailers of the commit. */
export interface ChangeAuthor {
  /** The admin's user name. */
  readonly user: string;
  /** "api", "cli", "console", "file": written as the trailer `Deployed-By:`. */
  readonly via: "api" | "cli" | "console" | "file";
}

/** One change to the tree: content undefined removes the file. */
export interface FileChange {
  readonly path: string;
  readonly content: Buffer | undefined;
}

export interface CommitInfo {
  readonly commit: string;
  readonly author: string;
  /** ISO 8601. */
  readonly date: string;
  readonly subject: string;
  readonly via: string;
}

/** The manager's side: the only one that writes. */
export interface DeploymentPublisher {
  /** The URL or path from which workers fetch. */
  readonly location: string;
  /** The newest commit of `main`, or undefined in an empty repository. */
  head(): Promise<string | undefined>;
  /** The commit that `live` names. */
  live(): Promise<string | undefined>;
  read(commit: string): Promise<Revision>;
  /** Commits the changes on top of `main` and pushes; returns the new commit, or the old one when nothing differs. */
  commit(changes: readonly FileChange[], message: string, author: ChangeAuthor): Promise<string>;
  /** Moves `live` from `from` to `to`, or fails when `live` is elsewhere by now. */
  moveLive(to: string, from: string | undefined): Promise<void>;
  /** The newest commits of `main`, newest first. */
  history(countMax: number): Promise<readonly CommitInfo[]>;
}

/** A worker's side: a bare mirror that is fetched into and read from, never written back. */
export interface DeploymentMirror {
  /** Fetches and returns the commit of `live`; undefined when the repository has none yet. @throws AppError DEPLOYMENT_REPOSITORY. */
  fetchLive(): Promise<string | undefined>;
  /** The files of a fetched commit. */
  read(commit: string): Promise<Revision>;
  /** Remembers the revision that runs well, for the next start. */
  rememberGood(commit: string): Promise<void>;
  /** The remembered revision, if the mirror still has it. */
  lastGood(): Promise<string | undefined>;
}
