/**
 * The folder of a local copy of a repository that is somewhere else: a worker's mirror, a manager's copy of
 * a remote. Nothing in it is the truth, so what is damaged or not ours is moved aside and made anew,
 * with a log line, instead of keeping a node from starting. Opening never needs the other repository.
 */
import { appendFile, mkdir, readFile, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf, systemCodeOf } from "../errors/app-error.ts";
import type { Log } from "../observability/log.ts";
import { removeLeftovers } from "./git-leftovers.ts";
import { removeStaleLocks } from "./git-locks.ts";
import { runGit } from "./git-process.ts";
import { initRepository } from "./git-repository.ts";
import { GOOD_REFS, LIVE_REF } from "./ref-names.ts";

/** In the copy's configuration, in the form in which git writes it; a repository without it is somebody else's. */
const MARK = "[bascule]\n\tcopy = 1\n";

/** Makes sure that a sound copy, perhaps an empty one, lies in the folder. */
export async function prepareCopy(gitDir: string, log: Log): Promise<void> {
  const names = await readdir(gitDir).catch(() => undefined);
  if (names && names.length > 0) {
    await removeStaleLocks(gitDir, log);
    await removeLeftovers(gitDir);
    const fault = await faultOf(gitDir);
    if (fault === undefined) return;
    await moveAside(gitDir, fault, log);
  }
  await initCopy(gitDir);
}

/** Moves the copy aside and makes an empty one, to be fetched into. */
export async function renewCopy(gitDir: string, reason: string, log: Log): Promise<void> {
  await moveAside(gitDir, reason, log);
  await initCopy(gitDir);
}

async function initCopy(gitDir: string): Promise<void> {
  await mkdir(dirname(gitDir), { recursive: true });
  await initRepository(gitDir);
  await appendFile(join(gitDir, "config"), MARK);
}

async function faultOf(gitDir: string): Promise<string | undefined> {
  try {
    const config = await readFile(join(gitDir, "config"), "utf8");
    if (!config.includes(MARK)) return "it is no copy of a deployment repository";
    const refs = [LIVE_REF, ...GOOD_REFS];
    const list = await runGit({
      gitDir,
      args: ["for-each-ref", "--format=%(objectname)", ...refs],
    });
    const commits = [...new Set(list.split("\n"))].filter((line) => line !== "");
    if (commits.length === 0) return undefined;
    // Not all of the history, which may take a minute: what may be run next is there with all its folders and files.
    const args = ["rev-list", "--quiet", ...commits, "--"];
    await runGit({
      gitDir,
      args: [...args.slice(0, 1), "--objects", "--no-walk", ...args.slice(1)],
    });
    // And the commits, down to where the history ends: nobody has taken the file `shallow` away.
    await runGit({ gitDir, args });
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** One earlier folder is kept for whoever wants to look; a second one would only fill the disk. */
async function moveAside(gitDir: string, reason: string, log: Log): Promise<void> {
  const aside = `${gitDir}.damaged`;
  await rm(aside, { recursive: true, force: true });
  const wasThere = await rename(gitDir, aside).then(
    () => true,
    (error: unknown) => {
      if (systemCodeOf(error) !== "ENOENT") throw error;
      return false;
    },
  );
  const moved = wasThere ? `it was moved to ${aside} and is` : "it is";
  log.warn(
    `the copy of the deployment repository in ${gitDir} cannot be used (${reason}): ${moved} fetched anew`,
  );
}
