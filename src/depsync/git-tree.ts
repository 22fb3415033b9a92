/**
 * Reads the whole tree of a commit from `git ls-tree -r -t -z -l`, and refuses what a deployment must not hold: links,
 * submodules, hostile or colliding paths, files and trees that are too large.
 */
import { AppError, messageOf } from "../errors/app-error.ts";
import {
  type FileNode,
  type Folder,
  type FolderNode,
  lineFault,
  makeFolder,
} from "./objects/folder.ts";
import { FOLDER_MODE } from "./objects/tree-object.ts";
import { pathFault } from "./repository-path.ts";

const ENTRY = /^(\d{6}) (\w+) ([0-9a-f]{40}|[0-9a-f]{64}) +(\d+|-)\t([^]+)$/;

/** The tree whose root has the id. @throws AppError DEPLOYMENT_REPOSITORY that names the commit, the path and the reason. */
export function parseTree(commit: string, root: string, listing: string): Folder {
  const lines = listing.split("\0").filter((line) => line !== "");
  const nodes = new Map<string, (FileNode | FolderNode)[]>();
  const nodesIn = (folder: string): (FileNode | FolderNode)[] => {
    const found = nodes.get(folder) ?? [];
    nodes.set(folder, found);
    return found;
  };
  return refusing(commit, () => {
    // A folder stands before what it holds: from the end, all that it holds is known when it comes.
    for (const line of lines.toReversed()) {
      const { mode, id, path, bytes } = parseEntry(line);
      const slash = path.lastIndexOf("/");
      const name = path.slice(slash + 1);
      const above = nodesIn(path.slice(0, Math.max(slash, 0)));
      if (mode === FOLDER_MODE) {
        above.push({ name, folder: makeFolder(id, nodesIn(path).toReversed()) });
        nodes.delete(path);
      } else {
        above.push({ name, mode, blob: id, bytes });
      }
    }
    return makeFolder(root, nodesIn("").toReversed());
  });
}

/** Runs a check of a tree; what it throws becomes the refusal of the commit. */
export function refusing<Result>(commit: string, check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    throw new AppError(
      "DEPLOYMENT_REPOSITORY",
      `revision ${commit} of the deployment repository is refused: ${messageOf(error)}`,
      { side: "peer", cause: error },
    );
  }
}

interface ListedEntry {
  readonly mode: string;
  readonly id: string;
  readonly path: string;
  readonly bytes: number;
}

function parseEntry(line: string): ListedEntry {
  const [, listedMode = "", , id = "", size, path = ""] = ENTRY.exec(line) ?? [];
  const mode = listedMode.replace(/^0/, "");
  const shown = JSON.stringify(path.slice(0, 200));
  const pathReason = pathFault(path);
  if (pathReason !== undefined) throw new Error(`the path ${shown} ${pathReason}`);
  const fault = lineFault({ mode, name: path.slice(path.lastIndexOf("/") + 1), id });
  if (fault !== undefined) throw new Error(`${shown} ${fault}`);
  return { mode, id, path, bytes: size === "-" ? 0 : Number(size) };
}
