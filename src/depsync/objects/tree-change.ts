/** Changes made to a tree in memory: the folders on the changed paths are made anew, all others are shared. */
import { AppError, messageOf } from "../../errors/app-error.ts";
import type { FileChange } from "../deployment-repository.ts";
import { checkPath } from "../repository-path.ts";
import { FILE_BYTES_MAX } from "../tree-limits.ts";
import {
  type FileNode,
  type Folder,
  type FolderNode,
  exchangeNodes,
  formatFolder,
} from "./folder.ts";
import { type GitObject, type IdAlgorithm, objectIdOf } from "./object-id.ts";

/** What a change makes: the new tree, and the objects that the old one had not. */
export interface ChangedTree {
  readonly root: Folder;
  readonly objects: ReadonlyMap<string, GitObject>;
}

/** A folder while it is changed. */
interface OpenFolder {
  /** By name; undefined: it is removed. */
  readonly changes: Map<string, FileNode | OpenFolder | undefined>;
  /** What it was; undefined: it is new. */
  readonly before?: Folder | undefined;
}

type AnyNode = FileNode | FolderNode | OpenFolder;

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
  const root: OpenFolder = { changes: new Map(), before };
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
    const next = openIn(here, part) ?? { changes: new Map() };
    here.changes.set(part, next);
    here = next;
  }
  const present = nodeIn(here, name);
  if (present && !("blob" in present) && !isEmptied(present)) {
    throw invalid(`"${path}" would be a file and a folder`);
  }
  const object = { kind: "blob", content } as const;
  const blob = objectIdOf(object, into.algorithm);
  const file = present && "blob" in present ? present : undefined;
  if (file?.blob === blob) return;
  here.changes.set(name, { name, mode: file?.mode ?? FILE_MODE, blob, bytes: content.length });
  into.objects.set(blob, object);
}

/** What a folder has by now under a name. */
function nodeIn({ changes, before }: OpenFolder, name: string): AnyNode | undefined {
  return changes.has(name) ? changes.get(name) : before?.nodes.get(name);
}

/** Whether all that a folder held was removed. */
function isEmptied(node: FolderNode | OpenFolder): boolean {
  if (!("changes" in node)) return false;
  const names = new Set([...(node.before?.nodes.keys() ?? []), ...node.changes.keys()]);
  return [...names].every((name) => {
    const one = nodeIn(node, name);
    return one === undefined || (!("blob" in one) && isEmptied(one));
  });
}

function remove(root: OpenFolder, path: string): void {
  const parts = path.split("/");
  const name = parts.pop() ?? "";
  let here = root;
  for (const part of parts) {
    const present = nodeIn(here, part);
    if (!present || "blob" in present) return;
    const next = openIn(here, part);
    if (!next) return;
    here.changes.set(part, next);
    here = next;
  }
  const present = nodeIn(here, name);
  if (present && "blob" in present) here.changes.set(name, undefined);
}

/** The folder of the name, opened for changes. @throws AppError when a file has the name. */
function openIn(folder: OpenFolder, name: string): OpenFolder | undefined {
  const present = nodeIn(folder, name);
  if (!present) return undefined;
  if ("changes" in present) return present;
  if ("folder" in present) return { changes: new Map(), before: present.folder };
  throw invalid(`"${name}" would be a file and a folder`);
}

/** The folder with ids; its tree objects are added, those of folders that stayed are not. */
function close(open: OpenFolder, algorithm: IdAlgorithm, objects: Map<string, GitObject>): Folder {
  const { before } = open;
  const closed = new Map<string, FileNode | FolderNode | undefined>();
  for (const [name, node] of open.changes)
    closed.set(name, closedNode(name, node, { algorithm, objects }));
  const { folder, object } =
    (before && exchangeNodes(before, closed, algorithm)) ??
    formatFolder(changedNodes(before, closed), algorithm, before);
  objects.set(folder.id, object);
  return folder;
}

function closedNode(
  name: string,
  node: FileNode | OpenFolder | undefined,
  into: { readonly algorithm: IdAlgorithm; readonly objects: Map<string, GitObject> },
): FileNode | FolderNode | undefined {
  if (!node || "blob" in node) return node;
  const folder = close(node, into.algorithm, into.objects);
  // git keeps no empty folders.
  return folder.files > 0 ? { name, folder } : undefined;
}

/** What stayed in its place, and what is new behind it. */
function changedNodes(
  before: Folder | undefined,
  changes: ReadonlyMap<string, FileNode | FolderNode | undefined>,
): readonly (FileNode | FolderNode)[] {
  const nodes = new Map<string, FileNode | FolderNode | undefined>(before?.nodes);
  for (const [name, node] of changes) nodes.set(name, node);
  return [...nodes.values()].filter((node) => node !== undefined);
}

function invalid(reason: string): AppError {
  return new AppError("REQUEST_INVALID", `the change cannot be committed: ${reason}`, {
    side: "downstream",
  });
}
