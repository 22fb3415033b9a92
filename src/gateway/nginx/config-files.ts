/**
 * What the configuration reader needs of a file system, as a port: tests hand in a table of texts.
 * Called by the parser (main file, `include`) and by directives that name files (certificates).
 */
import { globSync, readFileSync } from "node:fs";

/** Largest configuration or certificate file that is read, in characters. */
export const FILE_LENGTH_MAX = 4 * 1024 * 1024;

export interface ConfigFiles {
  /** The whole text. @throws the file system's error (ENOENT, EACCES, EISDIR). */
  readText(path: string): string;
  /** Paths that match an absolute pattern (`*`, `?`, `[...]`), sorted; empty when none does. */
  glob(pattern: string): readonly string[];
}

/** The files of the machine. */
export const systemFiles: ConfigFiles = {
  readText: (path) => readFileSync(path, "utf8"),
  glob: (pattern) => globSync(pattern).sort(),
};
