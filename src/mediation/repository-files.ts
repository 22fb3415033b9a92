/**
 * Files of the deployment repository that an artifact names with a file: URL (src of a local entry, uri of publishWSDL).
 * WSO2 reads such a path from the server's home; here it stands for a file of the same deployment and for
 * nothing else: "file:repository/deployment/server/x/y.xml", "file:x/y.xml" and "x/y.xml" are the same file.
 */
import type { ArtifactFile } from "./engine.ts";

/** A file that was asked for while an artifact was read; `found` undefined: the deployment did not hold it. */
export interface FileLookup {
  readonly path: string;
  readonly found: ArtifactFile | undefined;
}

const DEPLOYMENT_FOLDER = /^(?:.*\/)?repository\/deployment\/server\//;

export class RepositoryFiles {
  readonly #files: ReadonlyMap<string, ArtifactFile>;
  readonly #lookups: FileLookup[] | undefined;

  /** @param lookups takes down each file that is asked for. */
  constructor(files: ReadonlyMap<string, ArtifactFile>, lookups?: FileLookup[]) {
    this.#files = files;
    this.#lookups = lookups;
  }

  /** The text of the file, or undefined when the deployment does not hold it. */
  text(address: string): string | undefined {
    const path = repositoryPath(address);
    if (path === undefined) return undefined;
    const found = this.#files.get(path);
    this.#lookups?.push({ path, found });
    return found?.content.toString("utf8");
  }
}

/** Whether two files hold the same; blob ids are believed. */
export function isSameFile(one: ArtifactFile, other: ArtifactFile): boolean {
  if (one.content === other.content) return true;
  if (one.blob !== undefined && other.blob !== undefined) return one.blob === other.blob;
  return one.content.equals(other.content);
}

/** The path in the repository; undefined for another scheme, or a path that leads out of it. */
function repositoryPath(address: string): string | undefined {
  const text = address.trim().replace(/^file:(?:\/\/(?=\/))?/i, "");
  if (/^[a-z][a-z0-9+.-]*:/i.test(text)) return undefined;
  const path = text.replace(DEPLOYMENT_FOLDER, "").replace(/^(?:\.\/)+/, "");
  const isInside = path !== "" && !path.startsWith("/") && !path.split("/").includes("..");
  return isInside ? path : undefined;
}
