/** The source of a standalone node: the manager of the same process, whose repository is on this machine. */
import type { DeploymentPublisher } from "../depsync/deployment-repository.ts";
import type { RevisionSource, SourceRevision } from "./revision-source.ts";

export class PublisherSource implements RevisionSource {
  readonly description = "the deployment repository of this node";
  readonly #publisher: DeploymentPublisher;

  constructor(publisher: DeploymentPublisher) {
    this.#publisher = publisher;
  }

  async current(): Promise<SourceRevision | undefined> {
    const live = await this.#publisher.live();
    if (live === undefined) return undefined;
    const { commit, files } = await this.#publisher.read(live);
    return { id: commit, files };
  }

  lastGood(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  rememberGood(): Promise<void> {
    return Promise.resolve();
  }
}
