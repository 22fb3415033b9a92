/**
 * The file that tells the first password of the user admin: made by -Dsetup and by `bascule reset-admin`,
 * readable by its owner only, removed when the admin changes the password. The password itself is
 * never logged.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { systemCodeOf } from "../../errors/app-error.ts";

/** Where it lies below a manager's home. */
export function initialPasswordFile(home: string): string {
  return join(home, "repository", "database", "initial-admin-password");
}

/** Replaces the file at once, so that no reader sees half of it. */
export function writeInitialPassword(home: string, password: string): void {
  const file = initialPasswordFile(home);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const fresh = `${file}.${process.pid}`;
  rmSync(fresh, { force: true });
  writeFileSync(fresh, `${password}\n`, { mode: 0o600, flag: "wx" });
  renameSync(fresh, file);
}

/** The password, or undefined when the file does not exist. @throws the file system's error when it cannot be read. */
export function readInitialPassword(home: string): string | undefined {
  try {
    return readFileSync(initialPasswordFile(home), "utf8").trim();
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

export function removeInitialPassword(home: string): void {
  rmSync(initialPasswordFile(home), { force: true });
}
