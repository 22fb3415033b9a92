/**
 * A worker without deployment synchronizer runs what lies in its own repository/deployment/server. It takes no part in
 * deploys, and says so to a manager that asks it.
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError, systemCodeOf } from "../errors/app-error.ts";
import type { RevisionRead, RevisionSource, SourceRevision } from "./revision-source.ts";

const NOT_SYNCHRONIZED =
  "its deployment synchronizer is off, it runs what lies in its own folder: set Enabled and AutoCheckout of DeploymentSynchronizer in its carbon.xml to true, or leave it out of the deploy";

export class FolderSource implements RevisionSource {
  readonly description: string;
  readonly #folder: string;
  /** What the last look has found. */
  #found: SourceRevision | undefined;

  constructor(folder: string) {
    this.#folder = folder;
    this.description = `the folder ${folder}`;
  }

  async live(): Promise<string> {
    this.#found = await this.#read();
    return this.#found.id;
  }

  fetch(): Promise<void> {
    return Promise.reject(new AppError("DEPLOYMENT_REPOSITORY", NOT_SYNCHRONIZED));
  }

  async read(id: string): Promise<RevisionRead> {
    return { kind: "read", revision: await this.readGood(id) };
  }

  admits(): Promise<boolean> {
    return Promise.resolve(true);
  }

  goodRevisions(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  readGood(id: string): Promise<SourceRevision> {
    if (this.#found?.id === id) return Promise.resolve(this.#found);
    const message = `${this.description} has changed meanwhile`;
    return Promise.reject(new AppError("DEPLOYMENT_REPOSITORY", message, { retryable: true }));
  }

  rememberGood(): Promise<void> {
    return Promise.resolve();
  }

  async #read(): Promise<SourceRevision> {
    const paths = await this.#paths();
    const files = await Promise.all(
      paths.map(async (path) => ({ path, content: await readFile(join(this.#folder, path)) })),
    );
    const digest = createHash("sha256");
    for (const { path, content } of files)
      digest.update(`${path}\0${content.length}\0`).update(content);
    return { id: digest.digest("hex"), files };
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
