/** A worker without deployment synchronizer runs what lies in its own repository/deployment/server. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { systemCodeOf } from "../errors/app-error.ts";
import type { RevisionSource, SourceRevision } from "./revision-source.ts";

export class FolderSource implements RevisionSource {
  readonly description: string;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.description = `the folder ${folder}`;
  }

  async current(): Promise<SourceRevision | undefined> {
    const paths = await this.#paths();
    const files = await Promise.all(
      paths.map(async (path) => ({ path, content: await readFile(join(this.#folder, path)) })),
    );
    const digest = createHash("sha256");
    for (const { path, content } of files)
      digest.update(`${path}\0${content.length}\0`).update(content);
    return { id: digest.digest("hex"), files };
  }

  lastGood(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  rememberGood(): Promise<void> {
    return Promise.resolve();
  }

  /** Relative paths with "/", sorted; a folder that is missing is empty. */
  async #paths(): Promise<readonly string[]> {
    try {
      const entries = await readdir(this.#folder, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
        .map((entry) => join(entry.parentPath, entry.name).slice(this.#folder.length + 1))
        .map((path) => path.replaceAll("\\", "/"))
        .sort();
    } catch (error) {
      if (systemCodeOf(error) === "ENOENT") return [];
      throw error;
    }
  }
}
