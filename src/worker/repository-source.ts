/** The source of a worker: the ref `live` of the deployment repository, through a bare mirror in its home. */
import type { DeploymentMirror } from "../depsync/deployment-repository.ts";
import type { Log } from "../observability/log.ts";
import type { RevisionSource, SourceRevision } from "./revision-source.ts";

export interface RepositorySourceOptions {
  readonly mirror: DeploymentMirror;
  /** Where the repository is, as the mirror asks it; undefined: not known yet. */
  readonly location: () => string | undefined;
  readonly log: Log;
}

export class RepositorySource implements RevisionSource {
  readonly description = "the deployment repository";
  readonly #options: RepositorySourceOptions;
  readonly #mirror: DeploymentMirror;
  #isWaitingSaid = false;

  constructor(options: RepositorySourceOptions) {
    this.#options = options;
    this.#mirror = options.mirror;
  }

  /** Undefined also while nobody has told yet where the repository is: a start before the manager's is no failure. */
  async current(): Promise<SourceRevision | undefined> {
    const { location, log } = this.#options;
    if (location() === undefined) {
      if (!this.#isWaitingSaid)
        log.info("Waiting for a manager to tell where the deployment repository is");
      this.#isWaitingSaid = true;
      return undefined;
    }
    this.#isWaitingSaid = false;
    return this.#read(await this.#mirror.fetchLive());
  }

  async lastGood(): Promise<SourceRevision | undefined> {
    return this.#read(await this.#mirror.lastGood());
  }

  rememberGood(id: string): Promise<void> {
    return this.#mirror.rememberGood(id);
  }

  async #read(commit: string | undefined): Promise<SourceRevision | undefined> {
    if (commit === undefined) return undefined;
    const { files } = await this.#mirror.read(commit);
    return { id: commit, files };
  }
}
