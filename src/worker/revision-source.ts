/**
 * Where a worker's artifacts come from: the deployment repository, the manager of the same process, or a plain folder
 * when synchronizing is off. Every call but `goodRevisions` may reject when what it needs cannot be reached.
 */
import type { RevisionPatch } from "../depsync/barrier/revision-stage.ts";
import type { ArtifactFile } from "../mediation/engine.ts";

/** All artifact files of one revision. */
export interface SourceRevision {
  /** The commit; for a folder a digest of its contents. */
  readonly id: string;
  readonly files: readonly ArtifactFile[];
}

export type RevisionRead =
  | { readonly kind: "read"; readonly revision: SourceRevision }
  /** Nobody known has signed it: it must not run. */
  | { readonly kind: "untrusted"; readonly reason: string };

export interface RevisionSource {
  /** Where it looks, for logs. */
  readonly description: string;
  /** Id of the revision that should run now, brought near; undefined when there is none yet. */
  live(): Promise<string | undefined>;
  /** Brings a revision near that is not live (yet). `patch`: what it changes, where that came along. */
  fetch(id: string, patch?: RevisionPatch): Promise<void>;
  /** The files of a revision that was brought near, unless it may not run. `running`: verified earlier. */
  read(id: string, running: string | undefined): Promise<RevisionRead>;
  /** Whether a manager's request to switch to the revision counts. `seal`: what it brought as a proof that it is live. */
  admits(id: string, seal: string | undefined): Promise<boolean>;
  /** The revisions that ran well, the newest first; none on a first start. Never needs the network. */
  goodRevisions(): Promise<readonly string[]>;
  /** The files of a revision that ran well, as they were then. Never needs the network. */
  readGood(id: string): Promise<SourceRevision>;
  /** Remembers for the next start that this revision runs. */
  rememberGood(id: string): Promise<void>;
}
