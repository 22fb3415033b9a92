/**
 * The carbon applications of a deployment: each .car becomes the files that it brings, beside the other files of the
 * repository. An application whose content has not changed since the last call is not unpacked again.
 */
import { ConfigProblems } from "../../errors/config-error.ts";
import type { AppSummary, ArtifactFile } from "../engine.ts";
import { isSameFile } from "../repository-files.ts";
import { isCarbonApp } from "./app-paths.ts";
import { expandApp, type ExpandedApp } from "./expand-app.ts";
import { type RoleTest, roleTest } from "./server-roles.ts";

export interface ExpandedFiles {
  /** Those of the repository, and those that applications bring. */
  readonly files: readonly ArtifactFile[];
  /** Of all applications; with an error the deployment is refused. */
  readonly problems: ConfigProblems;
  readonly apps: readonly AppSummary[];
}

interface KnownApp {
  readonly file: ArtifactFile;
  readonly app: ExpandedApp;
}

export class CarbonApps {
  readonly #isOurs: RoleTest;
  /** Of the last call, by path. */
  #known: ReadonlyMap<string, KnownApp> = new Map();

  /** @param serverRoles default: SERVER_ROLES. */
  constructor(serverRoles?: readonly string[]) {
    this.#isOurs = roleTest(serverRoles);
  }

  /** Unpacks what is new. Never rejects for a faulty application. @throws the reason of `signal` once that is aborted. */
  async expand(files: readonly ArtifactFile[], signal?: AbortSignal): Promise<ExpandedFiles> {
    const archives = files.filter(isCarbonApp);
    if (archives.length === 0) return { files, problems: new ConfigProblems(), apps: [] };
    const expanded = new Map<string, KnownApp>();
    for (const file of archives) {
      signal?.throwIfAborted();
      const known = this.#known.get(file.path);
      const isKept = known !== undefined && isSameFile(known.file, file);
      const app = isKept ? known.app : await expandApp(file.path, file.content, this.#isOurs);
      expanded.set(file.path, { file, app });
    }
    this.#known = expanded;
    return together(files, [...expanded.values()]);
  }
}

function together(files: readonly ArtifactFile[], known: readonly KnownApp[]): ExpandedFiles {
  const problems = new ConfigProblems();
  const apps = known.flatMap(({ app }) => app.apps);
  for (const { app } of known) problems.addAll(app.problems);
  const first = new Map<string, string>();
  for (const { name, version, path } of apps) {
    const id = `${name} ${version}`;
    const twin = first.get(id);
    first.set(id, twin ?? path);
    if (twin !== undefined)
      problems.error({ file: path, line: 0 }, `The application ${id} is already there: ${twin}`);
  }
  return { files: [...files, ...known.flatMap(({ app }) => app.files)], problems, apps };
}
