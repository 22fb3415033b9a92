/**
 * Reads trees of commits into memory. The first is listed by git as a whole; each further one is compared with one that
 * is known, folder by folder, and only what differs is read: mostly a few loose objects, without a process.
 */
import { parseTree, refusing } from "../git-tree.ts";
import { parseCommitObject } from "./commit-object.ts";
import {
  type FileNode,
  type Folder,
  type FolderNode,
  isFolder,
  lineFault,
  makeFolder,
} from "./folder.ts";
import type { GitObject } from "./object-id.ts";
import type { ObjectStore } from "./object-store.ts";
import { FOLDER_MODE, type TreeLine, parseTreeObject } from "./tree-object.ts";

/** Trees that are kept: `live`, a candidate, `main`, and the one before. */
const TREES_MAX = 4;
/** New folders or files beyond which git lists the whole tree. */
const DIFFERENT_MAX = 500;

const NONE: ReadonlyMap<string, Buffer> = new Map();

export interface ReadTree {
  readonly root: Folder;
  /** Contents that had to be read for their size; the others are not here. */
  readonly contents: ReadonlyMap<string, Buffer>;
}

/** A folder that must be read, and the one that stood at its path. */
interface Pending {
  readonly id: string;
  readonly before: Folder | undefined;
}

export class TreeReader {
  readonly #objects: ObjectStore;
  readonly #list: (commit: string) => Promise<string>;
  /** By commit, what was used last at the end. */
  readonly #known = new Map<string, ReadTree>();

  /** `list` gives `git ls-tree -r -t -z -l` of a commit. */
  constructor(objects: ObjectStore, list: (commit: string) => Promise<string>) {
    this.#objects = objects;
    this.#list = list;
  }

  /** @throws AppError DEPLOYMENT_REPOSITORY when the commit is not there, damaged, or its tree is refused. */
  async read(commit: string): Promise<ReadTree> {
    const known = this.#known.get(commit);
    const read = known ?? (await this.#readNew(commit));
    this.remember(commit, read.root, known?.contents);
    return read;
  }

  /** Keeps a tree that has just become that commit. `contents`: of its new files, as far as they are at hand. */
  remember(commit: string, root: Folder, contents: ReadonlyMap<string, Buffer> = NONE): void {
    this.#known.delete(commit);
    this.#known.set(commit, { root, contents });
    const [oldest] = this.#known.keys();
    if (this.#known.size > TREES_MAX && oldest !== undefined) this.#known.delete(oldest);
  }

  async #readNew(commit: string): Promise<ReadTree> {
    const object = await this.#objects.read(commit);
    const { tree } = refusing(commit, () => parseCommitObject(object));
    const same = [...this.#known.values()].find(({ root }) => root.id === tree);
    if (same) return { root: same.root, contents: NONE };
    const before = [...this.#known.values()].at(-1)?.root;
    const read = before && (await this.#compare(commit, tree, before));
    if (read) return read;
    const listing = await this.#list(commit);
    return { root: parseTree(commit, tree, listing), contents: NONE };
  }

  /** Undefined: too much differs. */
  async #compare(commit: string, id: string, before: Folder): Promise<ReadTree | undefined> {
    const lines = new Map<string, readonly TreeLine[]>();
    const blobs = new Set<string>();
    let level: readonly Pending[] = [{ id, before }];
    while (level.length > 0) {
      const objects = await this.#objects.readAll(level.map((one) => one.id));
      const next: Pending[] = [];
      for (const pending of level) {
        const object = objects.get(pending.id);
        const parsed = refusing(commit, () => checkedLines(object, pending));
        lines.set(pending.id, parsed);
        for (const line of parsed) this.#note(line, pending.before, { next, blobs });
        if (lines.size + next.length + blobs.size > DIFFERENT_MAX) return undefined;
      }
      level = next;
    }
    const contents = new Map<string, Buffer>();
    for (const [blob, { content }] of await this.#objects.readAll(blobs)) {
      contents.set(blob, content);
    }
    const root = refusing(commit, () => build({ id, before }, lines, contents));
    return { root, contents };
  }

  /** Notes what of a line is not known yet. */
  #note(
    line: TreeLine,
    before: Folder | undefined,
    open: { readonly next: Pending[]; readonly blobs: Set<string> },
  ): void {
    const node = before?.nodes.get(line.name);
    if (sharedNode(line, node)) return;
    if (line.mode !== FOLDER_MODE) open.blobs.add(line.id);
    else open.next.push({ id: line.id, before: isFolder(node) ? node.folder : undefined });
  }
}

/** The node, if it is what the line says. */
function sharedNode(
  { mode, id }: TreeLine,
  node: FileNode | FolderNode | undefined,
): FileNode | FolderNode | undefined {
  if (!node) return undefined;
  if (isFolder(node)) return mode === FOLDER_MODE && node.folder.id === id ? node : undefined;
  return node.blob === id && node.mode === mode ? node : undefined;
}

/** The lines of a tree; those that the folder before has too were checked with it. */
function checkedLines(object: GitObject | undefined, { id, before }: Pending): readonly TreeLine[] {
  if (object?.kind !== "tree") throw new Error("what should be a folder is none");
  const lines = parseTreeObject(object.content, id.length / 2);
  for (const line of lines) {
    if (sharedNode(line, before?.nodes.get(line.name))) continue;
    const fault = lineFault(line);
    if (fault !== undefined) throw new Error(`${JSON.stringify(line.name.slice(0, 200))} ${fault}`);
  }
  return lines;
}

function build(
  { id, before }: Pending,
  lines: ReadonlyMap<string, readonly TreeLine[]>,
  contents: ReadonlyMap<string, Buffer>,
): Folder {
  const nodes = (lines.get(id) ?? []).map((line): FileNode | FolderNode => {
    const { name, mode } = line;
    const node = before?.nodes.get(name);
    const shared = sharedNode(line, node);
    if (shared) return shared;
    if (mode !== FOLDER_MODE) {
      const content = contents.get(line.id);
      if (!content) throw new Error(`the content of ${JSON.stringify(name)} was not read`);
      return { name, mode, blob: line.id, bytes: content.length };
    }
    const inner = { id: line.id, before: isFolder(node) ? node.folder : undefined };
    return { name, folder: build(inner, lines, contents) };
  });
  return makeFolder(id, nodes, before);
}
