/** The source of a standalone node: the manager of the same process, whose repository is on this machine. */
import type { DeploymentPublisher } from "../depsync/deployment-repository.ts";
import type { RevisionRead, RevisionSource, SourceRevision } from "./revision-source.ts";
import { untrusted } from "./untrusted-revision.ts";

export class PublisherSource implements RevisionSource {
  readonly description = "the deployment repository of this node";
  readonly #publisher: DeploymentPublisher;

  constructor(publisher: DeploymentPublisher) {
    this.#publisher = publisher;
  }

  live(): Promise<string | undefined> {
    return this.#publisher.live();
  }

  /** All that the manager proposes is here. */
  fetch(): Promise<void> {
    return Promise.resolve();
  }

  async read(id: string, running: string | undefined): Promise<RevisionRead> {
    const fault = await this.#publisher.verify(id, running === undefined ? [] : [running]);
    if (fault) return untrusted(fault);
    return { kind: "read", revision: await this.readGood(id) };
  }

  /** What ran is what is live. */
  goodRevisions(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  async readGood(id: string): Promise<SourceRevision> {
    const { files } = await this.#publisher.read(id);
    return { id, files };
  }

  rememberGood(): Promise<void> {
    return Promise.resolve();
  }
}
