/**
 * The tree of a revision in memory: folders by the ids of their trees. Two revisions share every folder that did not
 * change, so that what a one-file change costs is the folders on its path. What a deployment must not hold
 * is refused when a folder is made: links, submodules, hostile or colliding names, huge files.
 */
import { nameFault, pathFault } from "../repository-path.ts";
import { objectIdOf, type GitObject, type IdAlgorithm } from "./object-id.ts";
import { FOLDER_MODE, type TreeLine, TreeObjectLines, formatTreeObject } from "./tree-object.ts";
import { FILES_MAX, FILE_BYTES_MAX, REVISION_BYTES_MAX } from "../tree-limits.ts";

export interface FileNode {
  readonly name: string;
  readonly mode: string;
  readonly blob: string;
  readonly bytes: number;
}

export interface Folder {
  /** git's id of the tree; of an empty root too. */
  readonly id: string;
  /** In the order of the tree object. */
  readonly nodes: ReadonlyMap<string, FileNode | FolderNode>;
  /** With all folders below. */
  readonly files: number;
  readonly bytes: number;
  /** The content of its tree object, where it was made here: what is exchanged next is exchanged in it. */
  readonly content?: Buffer;
}

export interface FolderNode {
  readonly name: string;
  readonly folder: Folder;
}

export function isFolder(node: FileNode | FolderNode | undefined): node is FolderNode {
  return node !== undefined && "folder" in node;
}

const FILE_MODES = new Set(["100644", "100755"]);

/** Why a line of a tree is refused, as the end of a sentence. */
export function lineFault({ mode, name }: TreeLine): string | undefined {
  const fault = nameFault(name);
  if (fault !== undefined) return fault;
  if (mode === FOLDER_MODE || FILE_MODES.has(mode)) return undefined;
  return "is a link or a submodule; only plain files are deployed";
}

/** A file by its whole path. */
export interface TreeEntry {
  readonly path: string;
  readonly blob: string;
  readonly bytes: number;
}

/**
 * A folder of checked nodes, in git's order. `before`: one that stood in its place; names that it has were compared then.
 * @throws Error that names what is refused, as the end of a sentence.
 */
export function makeFolder(
  id: string,
  nodes: readonly (FileNode | FolderNode)[],
  before?: Folder,
): Folder {
  const byName = new Map<string, FileNode | FolderNode>();
  for (const node of nodes) byName.set(node.name, node);
  const hasNewNames = !before || nodes.some(({ name }) => !before.nodes.has(name));
  if (hasNewNames || byName.size < nodes.length) checkCollisions(nodes);
  let files = 0;
  let bytes = 0;
  for (const node of nodes) {
    files += filesOf(node);
    bytes += bytesOf(node);
  }
  checkSize({ files, bytes });
  return { id, nodes: byName, files, bytes };
}

/** The tree object of nodes, and the folder. `before`: as of `makeFolder`. */
export function formatFolder(
  nodes: readonly (FileNode | FolderNode)[],
  algorithm: IdAlgorithm,
  before?: Folder,
): { readonly folder: Folder; readonly object: GitObject } {
  const content = formatTreeObject(nodes.map(toLine));
  const object = { kind: "tree", content } as const;
  const folder = makeFolder(objectIdOf(object, algorithm), nodes, before);
  return { folder: { ...folder, content }, object };
}

/**
 * As `formatFolder`, of a folder in which only what stands under some names is another. What it costs hardly grows with the
 * folder. Undefined: names come or go. @throws as `makeFolder`.
 */
export function exchangeNodes(
  before: Folder,
  changes: ReadonlyMap<string, FileNode | FolderNode | undefined>,
  algorithm: IdAlgorithm,
): { readonly folder: Folder; readonly object: GitObject } | undefined {
  if (!before.content) return undefined;
  const nodes = new Map(before.nodes);
  const lines = new TreeObjectLines(before.content, before.id.length / 2);
  let { files, bytes } = before;
  for (const [name, node] of changes) {
    const old = before.nodes.get(name);
    if (!old || !node || !lines.exchange(toLine(old), toLine(node))) return undefined;
    files += filesOf(node) - filesOf(old);
    bytes += bytesOf(node) - bytesOf(old);
    nodes.set(name, node);
  }
  checkSize({ files, bytes });
  const { content } = lines;
  const object = { kind: "tree", content } as const;
  return { folder: { id: objectIdOf(object, algorithm), nodes, files, bytes, content }, object };
}

/** All files below, in order. @throws Error when a path is too long. */
export function listFiles(folder: Folder, prefix: string = ""): readonly TreeEntry[] {
  const entries: TreeEntry[] = [];
  collect(folder, prefix, entries);
  return entries;
}

/** The node at a path. */
export function nodeAt(folder: Folder, path: string): FileNode | FolderNode | undefined {
  let here: FileNode | FolderNode | undefined = { name: "", folder };
  for (const part of path.split("/")) {
    here = isFolder(here) ? here.folder.nodes.get(part) : undefined;
  }
  return here;
}

/** Size of the file at a path; 0 where there is none. */
export function bytesAt(folder: Folder, path: string): number {
  const node = nodeAt(folder, path);
  return node === undefined || isFolder(node) ? 0 : node.bytes;
}

/** How file systems that fold case or accents would read a name. */
export function foldedName(name: string): string {
  if (/^[\x20-\x7e]*$/.test(name)) return name.toLowerCase();
  return name.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
}

function collect(folder: Folder, prefix: string, entries: TreeEntry[]): void {
  for (const node of folder.nodes.values()) {
    const path = `${prefix}${node.name}`;
    if (isFolder(node)) {
      collect(node.folder, `${path}/`, entries);
      continue;
    }
    const fault = path.length > 256 ? pathFault(path) : undefined;
    if (fault !== undefined) throw new Error(`the path ${quoted(path)} ${fault}`);
    entries.push({ path, blob: node.blob, bytes: node.bytes });
  }
}

function toLine(node: FileNode | FolderNode): TreeLine {
  const { name } = node;
  if (isFolder(node)) return { mode: FOLDER_MODE, name, id: node.folder.id };
  return { mode: node.mode, name, id: node.blob };
}

function filesOf(node: FileNode | FolderNode): number {
  return isFolder(node) ? node.folder.files : 1;
}

function bytesOf(node: FileNode | FolderNode): number {
  return isFolder(node) ? node.folder.bytes : checkedBytes(node);
}

function checkSize({ files, bytes }: Pick<Folder, "files" | "bytes">): void {
  if (files > FILES_MAX) throw new Error(`it has ${files} files, at most ${FILES_MAX} are allowed`);
  if (bytes > REVISION_BYTES_MAX) {
    throw new Error(`its files take ${bytes} bytes, at most ${REVISION_BYTES_MAX} are allowed`);
  }
}

function checkedBytes({ name, bytes }: FileNode): number {
  if (bytes <= FILE_BYTES_MAX) return bytes;
  throw new Error(`${quoted(name)} takes ${bytes} bytes, at most ${FILE_BYTES_MAX} are allowed`);
}

function checkCollisions(nodes: readonly { readonly name: string }[]): void {
  const names = new Map<string, string>();
  for (const { name } of nodes) {
    const folded = foldedName(name);
    const twin = names.get(folded);
    if (twin !== undefined) {
      throw new Error(
        `${quoted(twin)} and ${quoted(name)} differ only in case or in the form of their accents, and are one file where file systems do not tell them apart`,
      );
    }
    names.set(folded, name);
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
