/**
 * What a candidate changes on top of what is live, small enough to travel inside a message: a worker makes the commit's
 * objects from it and need not fetch them. Nothing of it is believed: the worker makes the trees itself, with all checks of
 * a tree, and the commit must come out with its own id. Whether it may run is asked of its signature, as of a fetched one.
 */
import { AppError } from "../errors/app-error.ts";
import type { RevisionPatch } from "./barrier/revision-stage.ts";
import type { FileChange } from "./deployment-repository.ts";
import { parseCommitObject } from "./objects/commit-object.ts";
import type { Folder } from "./objects/folder.ts";
import { type GitObject, algorithmOf, objectIdOf } from "./objects/object-id.ts";
import { changeTree } from "./objects/tree-change.ts";

/** Bytes of the contents and paths that travel; what takes more is fetched, compressed and once. */
export const PATCH_BYTES_MAX = 512 * 1024;
/** Files that travel. */
export const PATCH_FILES_MAX = 100;

/** Undefined: it is too large. `commit`: the commit object. */
export function makePatch(
  base: string,
  commit: Buffer,
  changes: readonly FileChange[],
): RevisionPatch | undefined {
  if (changes.length > PATCH_FILES_MAX) return undefined;
  let bytes = commit.length;
  for (const { path, content } of changes) bytes += path.length + (content?.length ?? 0);
  if (bytes > PATCH_BYTES_MAX) return undefined;
  const files = changes.map(({ path, content }) => ({
    path,
    content: content === undefined ? null : content.toString("base64"),
  }));
  return { base, commit: commit.toString("base64"), files };
}

/** What a patch comes to. */
export interface PatchedRevision {
  readonly root: Folder;
  /** What must be stored for the commit to be there. */
  readonly objects: ReadonlyMap<string, GitObject>;
  /** The contents of the changed files, by blob. */
  readonly contents: ReadonlyMap<string, Buffer>;
}

/** @throws AppError when the patch does not make that commit out of the tree of its base, or a tree that is not allowed. */
export function applyPatch(commit: string, patch: RevisionPatch, before: Folder): PatchedRevision {
  const algorithm = algorithmOf(commit);
  const object = { kind: "commit", content: Buffer.from(patch.commit, "base64") } as const;
  if (objectIdOf(object, algorithm) !== commit) throw misfit("its commit has another id");
  const { tree, parents } = parseCommitObject(object);
  // With any other parent the repository would lack a commit that a later fetch takes for there.
  if (parents.length !== 1 || parents[0] !== patch.base) throw misfit("its base is not its parent");
  const changes = patch.files.map(({ path, content }) => ({
    path,
    content: content === null ? undefined : Buffer.from(content, "base64"),
  }));
  const { root, objects } = changeTree(before, changes, algorithm);
  if (root.id !== tree) throw misfit("its files do not make its tree");
  const contents = new Map<string, Buffer>();
  for (const [id, { kind, content }] of objects) if (kind === "blob") contents.set(id, content);
  return { root, objects: new Map([...objects, [commit, object]]), contents };
}

function misfit(reason: string): AppError {
  const message = `what came of a candidate cannot be used: ${reason}`;
  return new AppError("DEPLOYMENT_REPOSITORY", message, { side: "peer" });
}
