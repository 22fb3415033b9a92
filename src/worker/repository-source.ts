/** The source of a worker: the ref `live` of the deployment repository, through a bare mirror in its home. */
import type { DeploymentMirror } from "../depsync/deployment-repository.ts";
import type { RevisionSource, SourceRevision } from "./revision-source.ts";

export class RepositorySource implements RevisionSource {
  readonly description = "the deployment repository";
  readonly #mirror: DeploymentMirror;

  constructor(mirror: DeploymentMirror) {
    this.#mirror = mirror;
  }

  async current(): Promise<SourceRevision | undefined> {
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
