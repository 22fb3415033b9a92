/**
 * Failures of the database at run time (a full disk, a file that cannot be written) in words for users. Called by the management API
 * for errors that nobody else has made sense of.
 */
import { AppError, messageOf } from "../../errors/app-error.ts";

/** SQLite's result codes that tell of the disk or the file, without what follows them (SQLITE_IOERR_WRITE). */
const OF_THE_DISK = /^SQLITE_(?:FULL|IOERR|READONLY|CANTOPEN|BUSY)(?:_|$)/;

/** Undefined: the error does not come from the database, or is a fault of ours. */
export function storeFailure(error: unknown): AppError | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  if (typeof error.code !== "string" || !OF_THE_DISK.test(error.code)) return undefined;
  const message = `the manager's database cannot be read or written: ${messageOf(error)}; check the free space and the permissions of its folder, then try again`;
  return new AppError("STORE_FAILED", message, { cause: error, retryable: true });
}
