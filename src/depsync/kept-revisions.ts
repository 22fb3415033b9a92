/**
 * The files of the revisions that were read last, so that the next one takes from them what it shares with them. Where only contents
 * are others, the rest is neither listed nor looked up again: the list is the one before with a few files exchanged.
 */
import type { RevisionFile } from "./deployment-repository.ts";
import { type Folder, type TreeEntry, isFolder } from "./objects/folder.ts";

/** Revisions whose files stay in memory. */
const REVISIONS_MAX = 2;

interface KeptRevision {
  readonly root: Folder;
  readonly files: readonly RevisionFile[];
  /** Where the file of a path stands; revisions of the same paths share it. */
  readonly positions: ReadonlyMap<string, number>;
}

/** A revision that differs from a kept one in contents alone. */
export interface NearRevision {
  readonly kept: KeptRevision;
  readonly changes: readonly TreeEntry[];
}

export class KeptRevisions {
  /** By commit, what was read last at the end. */
  readonly #revisions = new Map<string, KeptRevision>();
  #newestFirst: readonly KeptRevision[] = [];

  /** The kept revision, the newest first, that has the same paths as the tree. */
  near(root: Folder): NearRevision | undefined {
    for (const kept of this.#newestFirst) {
      const changes: TreeEntry[] = [];
      if (collectChanges(kept.root, root, "", changes)) return { kept, changes };
    }
    return undefined;
  }

  /** A file that a kept revision has at that path with that content. */
  shared(path: string, blob: string): RevisionFile | undefined {
    for (const { files, positions } of this.#newestFirst) {
      const file = files[positions.get(path) ?? -1];
      if (file?.blob === blob) return file;
    }
    return undefined;
  }

  /** Keeps a revision. `near`: with the paths of that one, in its order. */
  keep(
    commit: string,
    { root, files }: Pick<KeptRevision, "root" | "files">,
    near?: NearRevision,
  ): void {
    const positions =
      near?.kept.positions ?? new Map(files.map(({ path }, index) => [path, index]));
    this.#revisions.delete(commit);
    this.#revisions.set(commit, { root, files, positions });
    const [oldest] = this.#revisions.keys();
    if (this.#revisions.size > REVISIONS_MAX && oldest !== undefined)
      this.#revisions.delete(oldest);
    this.#newestFirst = [...this.#revisions.values()].toReversed();
  }
}

/** The kept files with others in the places of those whose paths they have. */
export function exchangeFiles(
  { files, positions }: KeptRevision,
  others: readonly RevisionFile[],
): readonly RevisionFile[] {
  const exchanged = [...files];
  for (const file of others) {
    const position = positions.get(file.path);
    if (position !== undefined) exchanged[position] = file;
  }
  return exchanged;
}

/** Adds the files whose contents differ. False: the paths differ, or stand in another order. */
function collectChanges(
  before: Folder,
  after: Folder,
  prefix: string,
  changes: TreeEntry[],
): boolean {
  if (before.id === after.id) return true;
  if (before.nodes.size !== after.nodes.size) return false;
  const others = before.nodes.values();
  for (const node of after.nodes.values()) {
    const { value: other } = others.next();
    if (node === other) continue;
    if (node.name !== other?.name) return false;
    const path = `${prefix}${node.name}`;
    if (isFolder(node)) {
      if (!isFolder(other) || !collectChanges(other.folder, node.folder, `${path}/`, changes))
        return false;
    } else {
      if (isFolder(other)) return false;
      if (other.blob !== node.blob) changes.push({ path, blob: node.blob, bytes: node.bytes });
    }
  }
  return true;
}
