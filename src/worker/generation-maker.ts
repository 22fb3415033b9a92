/**
 * Makes generations: reads a revision from the source, which checks whether it may run, and compiles it beside the
 * running one, letting requests be answered meanwhile. One at a time, in order of asking: each takes over what has not
 * changed since the one before. Used by revision-follower.ts.
 */
import type { StageRequest } from "../depsync/barrier/revision-stage.ts";
import { WriteQueue } from "../depsync/write-queue.ts";
import type { ConfigProblem } from "../errors/config-error.ts";
import type { ArtifactFile, CompileResult, Engine } from "../mediation/engine.ts";
import type { RevisionSource, SourceRevision } from "./revision-source.ts";

/** One compiled revision; immutable. */
export interface Generation {
  readonly revision: string;
  readonly engine: Engine;
}

export type MadeGeneration =
  | {
      readonly kind: "made";
      readonly generation: Generation;
      readonly warnings: readonly ConfigProblem[];
    }
  | { readonly kind: "faulty"; readonly problems: readonly ConfigProblem[] }
  | { readonly kind: "untrusted"; readonly reason: string };

/** Rejects with the reason of `signal` once that is aborted. */
export type Compile = (
  files: readonly ArtifactFile[],
  signal?: AbortSignal,
) => Promise<CompileResult>;

export class GenerationMaker {
  readonly #source: RevisionSource;
  readonly #compile: Compile;
  readonly #queue = new WriteQueue();

  constructor(source: RevisionSource, compile: Compile) {
    this.#source = source;
    this.#compile = compile;
  }

  /**
   * Of a revision that the source has brought near. `running`: asked when its turn has come. @throws what keeps the
   * source from reading it, and the reason of `signal`.
   */
  make(
    id: string,
    running: () => string | undefined,
    signal?: AbortSignal,
  ): Promise<MadeGeneration> {
    return this.#queue.run(async () => {
      signal?.throwIfAborted();
      const read = await this.#source.read(id, running());
      return read.kind === "read" ? this.#compileOne(read.revision, signal) : read;
    });
  }

  /** As `make`, of a candidate that must be brought near first. */
  makeCandidate(
    { commit, patch }: Pick<StageRequest, "commit" | "patch">,
    running: () => string | undefined,
    signal: AbortSignal,
  ): Promise<MadeGeneration> {
    return this.#queue.run(async () => {
      signal.throwIfAborted();
      await this.#source.fetch(commit, patch);
      signal.throwIfAborted();
      const read = await this.#source.read(commit, running());
      return read.kind === "read" ? this.#compileOne(read.revision, signal) : read;
    });
  }

  /** Of a revision that ran well before; it was verified then. */
  makeGood(id: string): Promise<MadeGeneration> {
    return this.#queue.run(async () => this.#compileOne(await this.#source.readGood(id)));
  }

  async #compileOne({ id, files }: SourceRevision, signal?: AbortSignal): Promise<MadeGeneration> {
    signal?.throwIfAborted();
    const result = await this.#compile(files, signal);
    if (result.kind === "faulty") return result;
    const { engine, warnings } = result;
    return { kind: "made", generation: { revision: id, engine }, warnings };
  }
}
