/**
 * Lock files that a git left behind when it was killed (index.lock, shallow.lock, refs' .lock): git does not
 * wait for them, it fails at once and for ever. A repository folder has one owner, this process, which
 * runs one writing command at a time; so any lock that is there between two commands is stale.
 */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../observability/log.ts";

/** Where git makes locks in a bare repository; contents of objects/?? are never locked. */
const PLACES = [
  { folder: "", recursive: false },
  { folder: "refs", recursive: true },
  { folder: "logs", recursive: true },
  { folder: "objects/info", recursive: true },
  { folder: "objects/pack", recursive: false },
];

/** Removes them all with a log line each and returns how many there were. */
export async function removeStaleLocks(gitDir: string, log: Log): Promise<number> {
  let removed = 0;
  for (const { folder, recursive } of PLACES) {
    const names = await readdir(join(gitDir, folder), { recursive }).catch(() => []);
    for (const name of names.filter((candidate) => candidate.endsWith(".lock"))) {
      const path = join(gitDir, folder, name);
      await rm(path, { force: true });
      log.warn(`removed the stale lock ${path} that a killed git has left`);
      removed += 1;
    }
  }
  return removed;
}

/** Whether a failure of git says that a lock is in the way. */
export function isLockFailure(message: string): boolean {
  return /\.lock['"]?: File exists|cannot lock ref .*File exists/i.test(message);
}
