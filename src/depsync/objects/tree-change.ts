/** Changes made to a tree in memory: the folders on the changed paths are made anew, all others are shared. */
import { AppError, messageOf } from "../../errors/app-error.ts";
import type { FileChange } from "../deployment-repository.ts";
import { checkPath } from "../repository-path.ts";
import { FILE_BYTES_MAX } from "../tree-limits.ts";
import { type FileNode, type Folder, type FolderNode, formatFolder } from "./folder.ts";
import { type GitObject, type IdAlgorithm, objectIdOf } from "./object-id.ts";

/** What a change makes: the new tree, and the objects that the old one had not. */
export interface ChangedTree {
  readonly root: Folder;
  readonly objects: ReadonlyMap<string, GitObject>;
}

/** A folder while it is changed. */
interface OpenFolder {
  readonly nodes: Map<string, FileNode | FolderNode | OpenFolder>;
  /** What it was; undefined: it is new. */
  readonly before?: Folder;
}

const FILE_MODE = "100644";

/** The tree without any file. */
export function emptyFolder(algorithm: IdAlgorithm): Folder {
  return formatFolder([], algorithm).folder;
}

/** @throws AppError REQUEST_INVALID when a path, a size or the resulting tree is not allowed. */
export function changeTree(
  before: Folder,
  changes: readonly FileChange[],
  algorithm: IdAlgorithm,
): ChangedTree {
  const objects = new Map<string, GitObject>();
  const root: OpenFolder = { nodes: new Map(before.nodes), before };
  // The last word on a path counts; what goes makes room for what comes.
  const last = new Map(changes.map((change) => [change.path, change.content]));
  for (const path of last.keys()) checkPath(path);
  for (const [path, content] of last) if (content === undefined) remove(root, path);
  for (const [path, content] of last) {
    if (content !== undefined) put(root, path, content, { algorithm, objects });
  }
  try {
    return { root: close(root, algorithm, objects), objects };
  } catch (error) {
    throw invalid(messageOf(error));
  }
}

function put(
  root: OpenFolder,
  path: string,
  content: Buffer,
  into: { readonly algorithm: IdAlgorithm; readonly objects: Map<string, GitObject> },
): void {
  if (content.length > FILE_BYTES_MAX) {
    throw invalid(`"${path}" is larger than ${FILE_BYTES_MAX} bytes`);
  }
  const parts = path.split("/");
  const name = parts.pop() ?? "";
  let here = root;
  for (const part of parts) {
    const next = openIn(here, part) ?? { nodes: new Map() };
    here.nodes.set(part, next);
    here = next;
  }
  const present = here.nodes.get(name);
  if (present && !("blob" in present) && !isEmptied(present)) {
    throw invalid(`"${path}" would be a file and a folder`);
  }
  const object = { kind: "blob", content } as const;
  const blob = objectIdOf(object, into.algorithm);
  const file = present && "blob" in present ? present : undefined;
  if (file?.blob === blob) return;
  here.nodes.set(name, { name, mode: file?.mode ?? FILE_MODE, blob, bytes: content.length });
  into.objects.set(blob, object);
}

/** Whether all that a folder held was removed. */
function isEmptied(node: FolderNode | OpenFolder): boolean {
  if (!("nodes" in node)) return false;
  return [...node.nodes.values()].every((one) => !("blob" in one) && isEmptied(one));
}

function remove(root: OpenFolder, path: string): void {
  const parts = path.split("/");
  const name = parts.pop() ?? "";
  let here = root;
  for (const part of parts) {
    const present = here.nodes.get(part);
    if (!present || !("nodes" in present || "folder" in present)) return;
    const next = openIn(here, part);
    if (!next) return;
    here.nodes.set(part, next);
    here = next;
  }
  const present = here.nodes.get(name);
  if (present && "blob" in present) here.nodes.delete(name);
}

/** The folder of the name, opened for changes. @throws AppError when a file has the name. */
function openIn(folder: OpenFolder, name: string): OpenFolder | undefined {
  const present = folder.nodes.get(name);
  if (!present) return undefined;
  if ("nodes" in present) return present;
  if ("folder" in present) return { nodes: new Map(present.folder.nodes), before: present.folder };
  throw invalid(`"${name}" would be a file and a folder`);
}

/** The folder with ids; its tree objects are added, those of folders that stayed are not. */
function close(open: OpenFolder, algorithm: IdAlgorithm, objects: Map<string, GitObject>): Folder {
  const nodes: (FileNode | FolderNode)[] = [];
  for (const [name, node] of open.nodes) {
    if (!("nodes" in node)) {
      nodes.push(node);
      continue;
    }
    const folder = close(node, algorithm, objects);
    // git keeps no empty folders.
    if (folder.files > 0) nodes.push({ name, folder });
  }
  const { folder, object } = formatFolder(nodes, algorithm, open.before);
  objects.set(folder.id, object);
  return folder;
}

function invalid(reason: string): AppError {
  return new AppError("REQUEST_INVALID", `the change cannot be committed: ${reason}`, {
    side: "downstream",
  });
}
