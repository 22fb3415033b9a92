/**
 * Commits of the deployment repository as the manager works with them: files by path, and what the mediation
 * engine says of the whole tree. The last two compiled trees are kept, since every request asks for
 * `live` and every deploy for `main`, which are mostly the same commit.
 */
import type { DeploymentPublisher, FileChange } from "../depsync/deployment-repository.ts";
import type { ConfigProblem } from "../errors/config-error.ts";
import type { ArtifactFile, ArtifactSummary, CompileResult } from "../mediation/engine.ts";

export type Compile = (files: readonly ArtifactFile[]) => CompileResult | Promise<CompileResult>;

/** Path → file, as it is committed. */
export type FileTree = ReadonlyMap<string, ArtifactFile>;

export interface CompiledTree {
  readonly files: FileTree;
  /** Empty when the tree is faulty. */
  readonly artifacts: readonly ArtifactSummary[];
  /** Errors only; empty when the tree is good. */
  readonly problems: readonly ConfigProblem[];
  /** Of a good tree. */
  readonly warnings: readonly ConfigProblem[];
}

export interface CompiledRevision extends CompiledTree {
  /** Undefined: the repository has no commit yet. */
  readonly commit: string | undefined;
}

const KEPT_MAX = 2;

export class Revisions {
  readonly #publisher: DeploymentPublisher;
  readonly #compile: Compile;
  readonly #kept = new Map<string, CompiledTree>();

  constructor(publisher: DeploymentPublisher, compile: Compile) {
    this.#publisher = publisher;
    this.#compile = compile;
  }

  /** What the cluster runs. @throws AppError DEPLOYMENT_REPOSITORY. */
  async live(): Promise<CompiledRevision> {
    return this.read(await this.#publisher.live());
  }

  /** What admins have written last. @throws AppError DEPLOYMENT_REPOSITORY. */
  async main(): Promise<CompiledRevision> {
    return this.read(await this.#publisher.head());
  }

  async read(commit: string | undefined): Promise<CompiledRevision> {
    if (commit === undefined) return { commit, ...(await this.compile(new Map())) };
    const kept = this.#kept.get(commit);
    if (kept) return { commit, ...kept };
    const { files } = await this.#publisher.read(commit);
    const tree = await this.compile(new Map(files.map((file) => [file.path, file])));
    this.remember(commit, tree);
    return { commit, ...tree };
  }

  async compile(files: FileTree): Promise<CompiledTree> {
    const result = await this.#compile([...files.values()]);
    if (result.kind === "faulty") {
      const problems = result.problems.filter(({ severity }) => severity === "error");
      const told = problems.length > 0 ? problems : result.problems;
      return { files, artifacts: [], problems: told, warnings: [] };
    }
    const { engine, warnings } = result;
    return { files, artifacts: engine.artifacts, problems: [], warnings };
  }

  /** Keeps a compiled tree that has just become that commit. */
  remember(commit: string, tree: CompiledTree): void {
    this.#kept.delete(commit);
    const { files, artifacts, problems, warnings } = tree;
    this.#kept.set(commit, { files, artifacts, problems, warnings });
    const oldest = this.#kept.keys().next().value;
    if (this.#kept.size > KEPT_MAX && oldest !== undefined) this.#kept.delete(oldest);
  }
}

/** The tree with the changes made. */
export function withChanges(files: FileTree, changes: readonly FileChange[]): FileTree {
  const changed = new Map(files);
  for (const { path, content } of changes) {
    if (content === undefined) changed.delete(path);
    else changed.set(path, { path, content });
  }
  return changed;
}

/** The changes that would make the tree another one. */
export function realChanges(
  files: FileTree,
  changes: readonly FileChange[],
): readonly FileChange[] {
  return changes.filter(({ path, content }) => {
    const present = files.get(path)?.content;
    if (content === undefined) return present !== undefined;
    return !present?.equals(content);
  });
}
