/**
 * Files of the deployment repository that an artifact names with a file: URL (src of a local entry, uri of publishWSDL).
 * WSO2 reads such a path from the server's home; here it stands for a file of the same deployment and for
 * nothing else: "file:repository/deployment/server/x/y.xml", "file:x/y.xml" and "x/y.xml" are the same file.
 */
import type { ArtifactFile } from "./engine.ts";

const DEPLOYMENT_FOLDER = /^(?:.*\/)?repository\/deployment\/server\//;

export class RepositoryFiles {
  readonly #files: ReadonlyMap<string, Buffer>;

  constructor(files: readonly ArtifactFile[]) {
    this.#files = new Map(files.map(({ path, content }) => [path, content]));
  }

  /** The text of the file, or undefined when the deployment does not hold it. */
  text(address: string): string | undefined {
    const path = repositoryPath(address);
    return path === undefined ? undefined : this.#files.get(path)?.toString("utf8");
  }
}

/** The path in the repository; undefined for another scheme, or a path that leads out of it. */
export function repositoryPath(address: string): string | undefined {
  const text = address.trim().replace(/^file:(?:\/\/(?=\/))?/i, "");
  if (/^[a-z][a-z0-9+.-]*:/i.test(text)) return undefined;
  const path = text.replace(DEPLOYMENT_FOLDER, "").replace(/^(?:\.\/)+/, "");
  const isInside = path !== "" && !path.startsWith("/") && !path.split("/").includes("..");
  return isInside ? path : undefined;
}
