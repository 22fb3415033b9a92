/**
 * Commits that a mirror has made from patches: written without waiting for the disk, since the truth is elsewhere, and made
 * durable before one of them is remembered as good. No ref names them until then; git never removes an object here by itself.
 */
import type { RevisionPatch } from "./barrier/revision-stage.ts";
import type { GitRepository } from "./git-repository.ts";
import { applyPatch } from "./revision-patch.ts";

/** Commits that are known to be there; all are forgotten then, which only costs a look. */
const KNOWN_MAX = 100;
/** Objects that wait for the disk; beyond it they are made durable at once. */
const UNSYNCED_MAX = 1_000;

export class PatchedCommits {
  readonly #repository: GitRepository;
  /** Commits that are in the folder with all that they need. */
  readonly #known = new Set<string>();
  readonly #unsynced = new Set<string>();

  constructor(repository: GitRepository) {
    this.#repository = repository;
  }

  /** Whether the commit was stored here. */
  has(commit: string): boolean {
    return this.#known.has(commit);
  }

  /** False: the base is not here. @throws AppError when the patch does not fit, or the disk does not take it. */
  async store(commit: string, patch: RevisionPatch): Promise<boolean> {
    const { base } = patch;
    if (!this.#known.has(base) && !(await this.#repository.hasCommit(base))) return false;
    const { root, objects, contents } = applyPatch(
      commit,
      patch,
      await this.#repository.tree(base),
    );
    await this.#repository.objects.writeLightly(objects);
    this.#repository.rememberTree(commit, root, contents);
    for (const id of objects.keys()) this.#unsynced.add(id);
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.add(base).add(commit);
    if (this.#unsynced.size > UNSYNCED_MAX) await this.settle();
    return true;
  }

  /** Makes durable what was stored so far. @throws AppError DEPLOYMENT_REPOSITORY when the disk does not take it. */
  async settle(): Promise<void> {
    const ids = [...this.#unsynced];
    await this.#repository.objects.sync(ids);
    for (const id of ids) this.#unsynced.delete(id);
  }

  /** The folder was made anew. */
  clear(): void {
    this.#known.clear();
    this.#unsynced.clear();
  }
}
