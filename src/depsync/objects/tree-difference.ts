/** What differs between two trees in memory; folders of equal id are not looked into. */
import type { PathDifference } from "../deployment-repository.ts";
import { type FileNode, type Folder, type FolderNode, isFolder } from "./folder.ts";

/** The paths whose content differs, in order of their text. */
export function differenceOf(
  from: Folder | undefined,
  to: Folder | undefined,
): readonly PathDifference[] {
  const found: PathDifference[] = [];
  compare(from, to, "", found);
  return found.sort((left, right) => (left.path < right.path ? -1 : 1));
}

function compare(
  from: Folder | undefined,
  to: Folder | undefined,
  prefix: string,
  found: PathDifference[],
): void {
  if (from?.id === to?.id) return;
  const names = new Set([...(from?.nodes.keys() ?? []), ...(to?.nodes.keys() ?? [])]);
  for (const name of names) {
    const left = from?.nodes.get(name);
    const right = to?.nodes.get(name);
    const path = `${prefix}${name}`;
    if (blobOf(left) !== blobOf(right)) found.push({ path, from: blobOf(left), to: blobOf(right) });
    if (isFolder(left) || isFolder(right)) {
      compare(folderOf(left), folderOf(right), `${path}/`, found);
    }
  }
}

function blobOf(node: FileNode | FolderNode | undefined): string | undefined {
  return node === undefined || isFolder(node) ? undefined : node.blob;
}

function folderOf(node: FileNode | FolderNode | undefined): Folder | undefined {
  return isFolder(node) ? node.folder : undefined;
}
