/**
 * One carbon application → the files that it brings, as the engine reads files of the repository. All or none: with a problem
 * the whole deployment is refused; what could be read is still handed on, so that its problems are reported as well.
 */
import { ConfigProblems } from "../../errors/config-error.ts";
import type { AppArtifact, AppSummary, ArtifactFile } from "../engine.ts";
import { AppArchive, type AppBudget } from "./app-archive.ts";
import {
  type AppManifest,
  type ArtifactManifest,
  parsed,
  readArtifactManifests,
  readManifest,
} from "./app-manifest.ts";
import { orderedArtifacts } from "./app-order.ts";
import { entryPath } from "./app-paths.ts";
import { typeRole } from "./artifact-types.ts";
import { readRegistryInfo } from "./registry-info.ts";
import type { RoleTest } from "./server-roles.ts";

/** Artifacts of one application. */
export const APP_ARTIFACTS_MAX = 2_000;

export interface ExpandedApp {
  readonly files: readonly ArtifactFile[];
  readonly problems: ConfigProblems;
  /** The application, and those inside it. Empty where artifacts.xml cannot be read. */
  readonly apps: readonly AppSummary[];
}

/** Unpacks an application. Never rejects for a faulty one. */
export async function expandApp(
  path: string,
  content: Buffer,
  isOurs: RoleTest,
): Promise<ExpandedApp> {
  const expansion = new Expansion(isOurs);
  await expansion.expand({ path, content, depth: 0, budget: undefined });
  return expansion;
}

/** An archive, and how deep it lies in another. */
interface PackedApp {
  readonly path: string;
  readonly content: Buffer;
  readonly depth: number;
  readonly budget: AppBudget | undefined;
}

/** An application that is being unpacked. */
interface OpenApp {
  readonly name: string;
  readonly archive: AppArchive;
  readonly depth: number;
}

const NESTED_MAX = 1;

class Expansion implements ExpandedApp {
  readonly files: ArtifactFile[] = [];
  readonly problems = new ConfigProblems();
  readonly apps: AppSummary[] = [];
  readonly #isOurs: RoleTest;

  constructor(isOurs: RoleTest) {
    this.#isOurs = isOurs;
  }

  async expand({ path, content, depth, budget }: PackedApp): Promise<void> {
    let archive: AppArchive | undefined;
    try {
      archive = await AppArchive.open(path, content, budget);
      const app = await readManifest(archive, this.problems);
      if (app) await this.#expandArtifacts(app, archive, depth);
    } catch (error) {
      this.problems.addThrown(error);
    } finally {
      archive?.close();
    }
  }

  async #expandArtifacts(app: AppManifest, archive: AppArchive, depth: number): Promise<void> {
    if (app.dependencies.length > APP_ARTIFACTS_MAX) {
      const sentence = `The application lists more than ${APP_ARTIFACTS_MAX} artifacts`;
      this.problems.error({ file: archive.path, line: 0 }, sentence);
      return;
    }
    const all = await readArtifactManifests(archive, this.problems);
    const ordered = orderedArtifacts(app, all, this.problems);
    this.#warnOfUnlisted(all, app);
    const artifacts: AppArtifact[] = [];
    const skipped: AppArtifact[] = [];
    const place = { name: app.name, archive, depth };
    for (const manifest of ordered) {
      const isOurs = this.#isForUs(manifest, app);
      (isOurs ? artifacts : skipped).push(artifactOf(manifest));
      if (isOurs) await this.#take(manifest, place);
    }
    const { name, version } = app;
    this.apps.push({ name, version, path: archive.path, artifacts, skipped });
  }

  #warnOfUnlisted(all: readonly ArtifactManifest[], { dependencies }: AppManifest): void {
    const listed = new Set(dependencies.map(({ artifact }) => artifact));
    for (const { dependencies: needed } of all)
      for (const { artifact } of needed) listed.add(artifact);
    for (const { name, place } of all)
      if (!listed.has(name))
        this.problems.warning(
          place,
          `The artifact ${name} is left out: artifacts.xml does not list it`,
        );
  }

  #isForUs({ name, version, serverRole, place }: ArtifactManifest, app: AppManifest): boolean {
    const listed = app.dependencies.find((one) => one.artifact === name && one.version === version);
    const role = listed?.serverRole || serverRole;
    if (this.#isOurs(role)) return true;
    const sentence = `The artifact ${name} is left out: it is for servers of the role ${role}, which this one has not (carbon.xml, ServerRoles)`;
    this.problems.warning(place, sentence);
    return false;
  }

  /** Takes the files of an artifact. */
  async #take(manifest: ArtifactManifest, app: OpenApp): Promise<void> {
    const { name, type, folder, file, place } = manifest;
    const role = typeRole(type);
    const path = entryPath(app.archive.path, `${folder}${file}`);
    try {
      if (role.kind === "refused") {
        const sentence = `The artifact ${name} of type ${type} is not supported: ${role.why}`;
        this.problems.error(place, sentence);
      } else if (role.kind === "resource") await this.#takeResources(manifest, app);
      else if (role.kind === "application") await this.#takeApplication(manifest, app);
      else {
        const content = await app.archive.read(`${folder}${file}`);
        const part = { kind: "artifact" as const, app: app.name, element: role.element };
        this.files.push({ path, content, part });
      }
    } catch (error) {
      this.problems.addThrown(error);
    }
  }

  async #takeResources({ folder, file }: ArtifactManifest, app: OpenApp): Promise<void> {
    const { archive, name } = app;
    const root = await parsed(archive, `${folder}${file}`);
    const resources = readRegistryInfo(root, `${folder}resources/`, archive, this.problems);
    for (const { entry, path } of resources) {
      const content = await archive.read(entry);
      const part = { kind: "resource" as const, app: name, path };
      this.files.push({ path: entryPath(archive.path, entry), content, part });
    }
  }

  async #takeApplication(manifest: ArtifactManifest, app: OpenApp): Promise<void> {
    const { folder, file, place, name } = manifest;
    const { archive, depth } = app;
    if (depth >= NESTED_MAX) {
      const sentence = `The application ${name} lies in an application that lies in another: one may hold others, those may not`;
      this.problems.error(place, sentence);
      return;
    }
    const entry = `${folder}${file}`;
    const content = await archive.read(entry);
    const { budget } = archive;
    const path = entryPath(archive.path, entry);
    await this.expand({ path, content, depth: depth + 1, budget });
  }
}

function artifactOf({ name, version, type }: ArtifactManifest): AppArtifact {
  return { name, version, type };
}
