/**
 * Reads the list of files of a commit from `git ls-tree -r -z -l`, and refuses what a deployment must not
 * hold: links, submodules, hostile paths, files and trees that are too large.
 */
import { AppError } from "../errors/app-error.ts";
import { pathFault } from "./repository-path.ts";

/** Bytes of one file. */
export const FILE_BYTES_MAX = 10 * 1024 * 1024;
/** Files of one revision. */
export const FILES_MAX = 20_000;
/** Bytes of all files of one revision. */
export const REVISION_BYTES_MAX = 256 * 1024 * 1024;

export interface TreeEntry {
  readonly path: string;
  readonly blob: string;
  readonly bytes: number;
}

const ENTRY = /^(\d{6}) (\w+) ([0-9a-f]{40}|[0-9a-f]{64}) +(\d+|-)\t([^]+)$/;
const FILE_MODES = new Set(["100644", "100755"]);

/** @throws AppError DEPLOYMENT_REPOSITORY that names the commit, the path and the reason. */
export function parseTree(commit: string, listing: string): readonly TreeEntry[] {
  const lines = listing.split("\0").filter((line) => line !== "");
  if (lines.length > FILES_MAX) {
    throw refused(commit, `it has ${lines.length} files, at most ${FILES_MAX} are allowed`);
  }
  const entries = lines.map((line) => parseEntry(commit, line));
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  if (bytes > REVISION_BYTES_MAX) {
    throw refused(
      commit,
      `its files take ${bytes} bytes, at most ${REVISION_BYTES_MAX} are allowed`,
    );
  }
  return entries;
}

function parseEntry(commit: string, line: string): TreeEntry {
  const [, mode = "", kind, blob = "", size, path = ""] = ENTRY.exec(line) ?? [];
  const shown = JSON.stringify(path.slice(0, 200));
  const fault = pathFault(path);
  if (fault !== undefined) throw refused(commit, `the path ${shown} ${fault}`);
  if (kind !== "blob" || !FILE_MODES.has(mode)) {
    throw refused(commit, `${shown} is a link or a submodule; only plain files are deployed`);
  }
  const bytes = Number(size);
  if (bytes > FILE_BYTES_MAX) {
    throw refused(commit, `${shown} takes ${bytes} bytes, at most ${FILE_BYTES_MAX} are allowed`);
  }
  return { path, blob, bytes };
}

function refused(commit: string, reason: string): AppError {
  return new AppError(
    "DEPLOYMENT_REPOSITORY",
    `revision ${commit} of the deployment repository is refused: ${reason}`,
    { side: "peer" },
  );
}
