/**
 * Which paths may stand in the deployment repository. The rules are git's own against hostile trees (fsck's
 * hasDotGit and its relatives) and ours against surprises; used for reading, for writing and for folders.
 */
import { hasControlCharacter } from "../runtime/control-characters.ts";
import { AppError } from "../errors/app-error.ts";

/** Bytes of a whole path. */
const PATH_BYTES_MAX = 1024;

/** Why a path is refused, as the end of a sentence, or undefined when it is fine. */
export function pathFault(path: string): string | undefined {
  if (path === "") return "is empty";
  if (Buffer.byteLength(path) > PATH_BYTES_MAX) return `is longer than ${PATH_BYTES_MAX} bytes`;
  if (hasControlCharacter(path)) return "has control characters";
  if (path.includes("\uFFFD")) return "is not UTF-8";
  if (path.includes("\\")) return "has a backslash";
  for (const part of path.split("/")) {
    const fault = partFault(part);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Why the name of a file or folder is refused, as the end of a sentence. */
export function nameFault(name: string): string | undefined {
  if (name.includes("/")) return "has a slash within a name";
  return pathFault(name);
}

function partFault(part: string): string | undefined {
  if (part === "") return "is absolute or has an empty part";
  if (part === "." || part === "..") return `has the part "${part}"`;
  if (isGitName(part)) return `has the part "${part}", which git keeps to itself`;
  return undefined;
}

/** @throws AppError REQUEST_INVALID that names the path and what is wrong with it. */
export function checkPath(path: string): void {
  const fault = pathFault(path);
  if (fault === undefined) return;
  throw new AppError(
    "REQUEST_INVALID",
    `the path ${JSON.stringify(path.slice(0, 200))} cannot be deployed: it ${fault}`,
    { side: "downstream" },
  );
}

/** ".git" as file systems may read it: any case, trailing dots and spaces, invisible characters, NTFS's short name. */
function isGitName(part: string): boolean {
  const visible = part.replaceAll(/[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g, "");
  return /^(\.git|git~\d+)[ .]*(:.*)?$/i.test(visible);
}
