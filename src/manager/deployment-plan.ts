/**
 * From what an admin hands in to changes of the repository's files: where each artifact goes, which file it
 * replaces, and how problems of these files are named back. Pure; `Deployments` carries the plan out.
 */
import type { FileChange } from "../depsync/deployment-repository.ts";
import { ConfigError, ConfigProblems, type ConfigProblem } from "../errors/config-error.ts";
import type { ArtifactKind, ArtifactSummary } from "../mediation/engine.ts";
import { defaultPathOf, readArtifact } from "./artifact-place.ts";
import type { CompiledTree } from "./revisions.ts";
import type { DeployedArtifact } from "./store/journal.ts";

/** One XML file as it was handed in. */
export interface Upload {
  /** The admin's name of the file, shown in problems; undefined: the path in the repository is shown. */
  readonly name: string | undefined;
  readonly content: Buffer;
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
  const artifacts: ArtifactSummary[] = [];
  const uploadNames = new Map<string, string>();
  for (const { name: file, content } of uploads) {
    const artifact = readUpload(content, file, problems);
    if (!artifact) continue;
    const { kind, name } = artifact;
    const path = pathOf(kind, name, base) ?? artifact.path;
    if (changes.has(path))
      problems.error({ file: file ?? path, line: 1 }, `${kind} "${name}" is given twice`);
    changes.set(path, { path, content });
    artifacts.push({ kind, name, path });
    if (file !== undefined) uploadNames.set(path, file);
  }
  if (problems.errors.length > 0) throw new ConfigError(problems.errors, "ARTIFACT_FAULTY");
  return { changes: [...changes.values()], artifacts, uploadNames };
}

function readUpload(
  content: Buffer,
  file: string | undefined,
  problems: ConfigProblems,
): ArtifactSummary | undefined {
  try {
    return readArtifact(content, file ?? "(upload)");
  } catch (error) {
    problems.addThrown(error);
    return undefined;
  }
}

/** @returns undefined when no such artifact is in the tree. */
export function planUndeploy(
  kind: ArtifactKind,
  name: string,
  base: CompiledTree,
): DeploymentPlan | undefined {
  const path = pathOf(kind, name, base);
  if (path === undefined) return undefined;
  const changes = [{ path, content: undefined }];
  return { changes, artifacts: [{ kind, name, path }], uploadNames: new Map() };
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
function pathOf(kind: ArtifactKind, name: string, base: CompiledTree): string | undefined {
  const artifact = base.artifacts.find(
    (candidate) => candidate.kind === kind && candidate.name === name,
  );
  const path = artifact?.path ?? defaultPathOf(kind, name);
  return base.files.has(path) ? path : undefined;
}

/** What the changed files hold: artifacts where the tree knows them, otherwise just the paths. */
export function artifactsIn(
  changes: readonly FileChange[],
  before: CompiledTree,
  after: CompiledTree,
): readonly DeployedArtifact[] {
  return changes.map(({ path, content }) => {
    const tree = content === undefined ? before : after;
    const artifact = tree.artifacts.find((candidate) => candidate.path === path);
    return artifact ? { kind: artifact.kind, name: artifact.name, path } : { path };
  });
}

/** The problems with the admin's names of the files. */
export function namedAsUploaded(
  problems: readonly ConfigProblem[],
  plan: DeploymentPlan,
): readonly ConfigProblem[] {
  return problems.map((problem) => ({
    ...problem,
    file: plan.uploadNames.get(problem.file) ?? problem.file,
  }));
}
