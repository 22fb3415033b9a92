/**
 * Keeps the deployment folder watched: where that cannot begin, because the deployment repository is out of reach, it is
 * tried again, so that a manager starts without its remote.
 */
import { messageOf } from "../errors/app-error.ts";
import type { Log } from "../observability/log.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import type { Closable } from "../runtime/lifecycle.ts";
import type { DroppedFiles, DroppedFilesFolder } from "./dropped-files.ts";

/** Between two attempts. */
export const FOLDER_RETRY_MS = 15_000;

export interface FolderWatchOptions {
  readonly clock: Clock;
  readonly log: Log;
}

/** Resolves after the first attempt; closing ends the watch, or the attempts. */
export async function watchFolder(
  folder: DroppedFilesFolder,
  files: DroppedFiles,
  { clock, log }: FolderWatchOptions,
): Promise<Closable> {
  let retry: Timer | undefined;
  let isClosed = false;
  const attempt = async (): Promise<void> => {
    try {
      await folder.start((batch) => files.accept(batch));
    } catch (error) {
      log.error(
        `Saved files are not looked at yet, which is tried again every ${FOLDER_RETRY_MS / 1000} s: ${messageOf(error)}`,
      );
      if (!isClosed) retry = clock.after(FOLDER_RETRY_MS, () => void attempt());
    }
  };
  await attempt();
  return {
    close: () => {
      isClosed = true;
      retry?.cancel();
      return folder.close();
    },
  };
}
