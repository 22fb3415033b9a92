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

  /** Undefined also while the repository is elsewhere than where the manager has left it, who puts it right. */
  async live(): Promise<string | undefined> {
    const live = await this.#publisher.live();
    const { known } = await this.#publisher.seals();
    return known === undefined || known.commit === live ? live : undefined;
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

  /** The manager of this process asks. */
  admits(): Promise<boolean> {
    return Promise.resolve(true);
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
