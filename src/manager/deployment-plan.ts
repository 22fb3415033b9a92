/**
 * From what an admin hands in to changes of the repository's files: where each artifact goes, which file it
 * replaces, and how problems of these files are named back. Pure; `Deployments` carries the plan out.
 */
import type { FileChange } from "../depsync/deployment-repository.ts";
import { ConfigError, ConfigProblems, type ConfigProblem } from "../errors/config-error.ts";
import {
  appIdOf,
  appPathOf,
  type DeployableKind,
  defaultPathOf,
  readArtifact,
} from "./artifact-place.ts";
import { resourceKeyOf } from "../mediation/registry-place.ts";
import { resourcePathOfKey } from "./registry-key.ts";
import type { CompiledTree } from "./revisions.ts";
import type { DeployedArtifact } from "./store/journal.ts";

/** One XML file, carbon application or registry resource as it was handed in. */
export interface Upload {
  /** The admin's name of the file, shown in problems; undefined: the path in the repository is shown. */
  readonly name: string | undefined;
  readonly content: Buffer;
  /** The registry resource that it becomes, "conf:/PATH" or "gov:/PATH"; undefined: it is no resource. */
  readonly key?: string | undefined;
  /** What the application calls itself (`app-upload.ts` reads it); undefined: it is the XML of an artifact. */
  readonly app?: { readonly name: string; readonly version: string } | undefined;
  /** Why it is no application that could be deployed. Default: nothing is wrong. */
  readonly faults?: readonly ConfigProblem[];
}

/** Where an upload goes. */
interface Placed {
  readonly kind: DeployableKind;
  readonly name: string;
  readonly path: string;
  /** Files that it takes the place of: other versions of the application. */
  readonly replaces: readonly string[];
}

export interface DeploymentPlan {
  readonly changes: readonly FileChange[];
  readonly artifacts: readonly DeployedArtifact[];
  /** Repository path → the admin's name of the file. */
  readonly uploadNames: ReadonlyMap<string, string>;
}

/**
 * An artifact that is deployed already stays in its file; a new one gets WSO2's place for it.
 * @throws ConfigError ARTIFACT_FAULTY with every problem of every upload that can be seen without the engine.
 */
export function planDeploy(uploads: readonly Upload[], base: CompiledTree): DeploymentPlan {
  const problems = new ConfigProblems();
  const changes = new Map<string, FileChange>();
  const artifacts: DeployedArtifact[] = [];
  const uploadNames = new Map<string, string>();
  for (const upload of uploads) {
    const placed = placeOf(upload, base, problems);
    if (!placed) continue;
    const { kind, name, path, replaces } = placed;
    const { name: file, content } = upload;
    if (changes.get(path)?.content)
      problems.error({ file: file ?? path, line: 1 }, `${kind} "${name}" is given twice`);
    for (const old of replaces)
      if (!changes.has(old)) changes.set(old, { path: old, content: undefined });
    changes.set(path, { path, content });
    artifacts.push({ kind, name, path });
    if (file !== undefined) uploadNames.set(path, file);
  }
  if (problems.errors.length > 0) throw new ConfigError(problems.errors, "ARTIFACT_FAULTY");
  return { changes: [...changes.values()], artifacts, uploadNames };
}

function placeOf(
  { name: file, content, key, app, faults }: Upload,
  base: CompiledTree,
  problems: ConfigProblems,
): Placed | undefined {
  if (key !== undefined) return placeOfResource(key, file, problems);
  if (app) return placeOfApp(app, base);
  if (faults) {
    problems.addThrown(new ConfigError(faults, "ARTIFACT_FAULTY"));
    return undefined;
  }
  try {
    const { kind, name, path } = readArtifact(content, file ?? "(upload)");
    return { kind, name, path: pathOf(kind, name, base) ?? path, replaces: [] };
  } catch (error) {
    problems.addThrown(error);
    return undefined;
  }
}

function placeOfResource(
  key: string,
  file: string | undefined,
  problems: ConfigProblems,
): Placed | undefined {
  const path = resourcePathOfKey(key);
  if (path !== undefined)
    return { kind: "registry-resource", name: resourceKeyOf(path) ?? key, path, replaces: [] };
  const shown = JSON.stringify(key.slice(0, 200));
  const place = { file: file ?? "(upload)", line: 1 };
  problems.error(
    place,
    `${shown} is no key of a registry resource: it must be conf:/PATH or gov:/PATH, with names of files`,
  );
  return undefined;
}

/** A new version of an application takes the place of the one that runs, in the same step. */
function placeOfApp(app: { readonly name: string; readonly version: string }, base: CompiledTree) {
  const name = `${app.name}_${app.version}`;
  const path = appPathOf(name);
  const olds = base.artifacts
    .filter((artifact) => artifact.app === app.name)
    .map((artifact) => archiveOf(artifact.path) ?? path);
  const replaces = [...new Set(olds)].filter((old) => old !== path && base.files.has(old));
  return { kind: "carbonapp", name, path, replaces } as const;
}

/** The application's file, of a path that leads into one. */
export function archiveOf(path: string): string | undefined {
  const end = path.indexOf("!/");
  return end === -1 ? undefined : path.slice(0, end);
}

/** @returns undefined when no such artifact is in the tree. */
export function planUndeploy(
  kind: DeployableKind,
  name: string,
  base: CompiledTree,
): DeploymentPlan | undefined {
  const path = pathOf(kind, name, base);
  if (path === undefined) {
    refuseInsideOfApp(kind, name, base);
    return undefined;
  }
  const changes = [{ path, content: undefined }];
  const artifacts = [{ kind, name: resourceKeyOf(path) ?? name, path }];
  return { changes, artifacts, uploadNames: new Map() };
}

/** @throws ConfigError ARTIFACT_FAULTY that names the application where the artifact came with one. */
function refuseInsideOfApp(kind: DeployableKind, name: string, base: CompiledTree): void {
  const artifact = base.artifacts.find((one) => one.kind === kind && one.name === name);
  const archive = artifact && archiveOf(artifact.path);
  if (artifact === undefined || archive === undefined) return;
  const message = `${kind} "${name}" came with the carbon application ${archive}: deploy that without it, or undeploy the application`;
  throw new ConfigError(
    [{ file: artifact.path, line: 1, severity: "error", message }],
    "ARTIFACT_FAULTY",
  );
}

/** A file that holds more than the one artifact, such as synapse.xml, is not replaced: the others would go with it. */
export function sharedFileProblems(
  { artifacts }: DeploymentPlan,
  base: CompiledTree,
): readonly ConfigProblem[] {
  return artifacts.flatMap(({ kind, name, path }) => {
    const others = base.artifacts.filter(
      (one) => one.path === path && (one.kind !== kind || one.name !== name),
    );
    const [other] = others;
    if (!other) return [];
    const message = `${path} holds ${other.kind} "${other.name}" too (${others.length + 1} artifacts): change that file in repository/deployment/server/ of the manager`;
    return [{ file: path, line: 1, severity: "error", message } as const];
  });
}

/** The file that holds the artifact. A faulty tree lists no artifacts: there WSO2's place counts. */
function pathOf(kind: DeployableKind, name: string, base: CompiledTree): string | undefined {
  const artifact = base.artifacts.find(
    (candidate) => candidate.kind === kind && candidate.name === name,
  );
  const path = artifact?.path ?? defaultPathOf(kind, name);
  return path !== undefined && base.files.has(path) ? path : undefined;
}

/** What the changed files hold: artifacts where the tree knows them, applications and resources by their names, else just the paths. */
export function artifactsIn(
  changes: readonly FileChange[],
  before: CompiledTree,
  after: CompiledTree,
): readonly DeployedArtifact[] {
  const [old, fresh] = [firstByPath(before, changes), firstByPath(after, changes)];
  return changes.map(({ path, content }) => {
    const app = appIdOf(path);
    if (app !== undefined) return { kind: "carbonapp", name: app, path };
    const key = resourceKeyOf(path);
    if (key !== undefined) return { kind: "registry-resource", name: key, path };
    const artifact = (content === undefined ? old : fresh).get(path);
    return artifact ? { kind: artifact.kind, name: artifact.name, path } : { path };
  });
}

/** The first artifact of each changed file. */
function firstByPath(
  { artifacts }: CompiledTree,
  changes: readonly FileChange[],
): ReadonlyMap<string, CompiledTree["artifacts"][number]> {
  const wanted = new Set(changes.map(({ path }) => path));
  const found = new Map<string, CompiledTree["artifacts"][number]>();
  for (const artifact of artifacts)
    if (wanted.has(artifact.path) && !found.has(artifact.path)) found.set(artifact.path, artifact);
  return found;
}

/** The problems with the admin's names of the files, also in front of what lies inside of an application. */
export function namedAsUploaded(
  problems: readonly ConfigProblem[],
  plan: DeploymentPlan,
): readonly ConfigProblem[] {
  return problems.map((problem) => {
    const archive = archiveOf(problem.file);
    const path = archive ?? problem.file;
    const name = plan.uploadNames.get(path);
    if (name === undefined) return problem;
    return { ...problem, file: `${name}${problem.file.slice(path.length)}` };
  });
}
