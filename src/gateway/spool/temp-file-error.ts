/**
 * The error of a temporary file in words: which file, what the system said, and what the operator can do about it.
 * Made by temp-file.ts; who holds the body logs it once and gives the request up.
 */
import { AppError, messageOf, systemCodeOf } from "../../errors/app-error.ts";

const OTHER_FOLDER = "name another folder with client_body_temp_path or proxy_temp_path";

/** What to do, by the system's error code. */
const ADVICE: Readonly<Record<string, string>> = {
  EACCES: `let the gateway's user write there, or ${OTHER_FOLDER}`,
  EDQUOT: `raise the quota of the gateway's user, or ${OTHER_FOLDER}`,
  EFBIG: "raise the limit for the size of a file (ulimit -f), or lower proxy_max_temp_file_size",
  EMFILE: "raise the limit for open files (worker_rlimit_nofile, ulimit -n)",
  ENFILE: "raise the machine's limit for open files (fs.file-max)",
  ENOSPC: `free space on that disk, or ${OTHER_FOLDER}`,
  ENOTDIR: `a part of the path is no folder: remove it, or ${OTHER_FOLDER}`,
  EPERM: `let the gateway's user write there, or ${OTHER_FOLDER}`,
  EROFS: `mount that disk for writing, or ${OTHER_FOLDER}`,
};

/** @param failed what could not be done with the file: "opened", "written", "read". */
export function tempFileError(path: string, failed: string, cause: unknown): AppError {
  const advice = ADVICE[systemCodeOf(cause) ?? ""] ?? `check that disk, or ${OTHER_FOLDER}`;
  const sentence = `temporary file "${path}" could not be ${failed}: ${messageOf(cause)}; ${advice}`;
  return new AppError("TEMP_FILE_FAILED", sentence, { cause });
}
