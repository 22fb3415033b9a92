/** Where a worker's artifacts come from: the deployment repository, or a plain folder when synchronizing is off. */

/** All artifact files of one revision. */
export interface SourceRevision {
  /** The commit; for a folder a digest of its contents. */
  readonly id: string;
  readonly files: readonly { readonly path: string; readonly content: Buffer }[];
}

export interface RevisionSource {
  /** Where it looks, for logs. */
  readonly description: string;
  /** The revision that should run now; undefined when there is none yet. Rejects when it cannot be reached. */
  current(): Promise<SourceRevision | undefined>;
  /** The revision that last ran well; undefined on a first start. Never needs the network. */
  lastGood(): Promise<SourceRevision | undefined>;
  /** Remembers for the next start that this revision runs. */
  rememberGood(id: string): Promise<void>;
}
