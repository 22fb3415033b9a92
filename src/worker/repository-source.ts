/** The source of a worker: the ref `live` of the deployment repository, through a bare mirror in its home. */
import type { RevisionPatch } from "../depsync/barrier/revision-stage.ts";
import type { DeploymentMirror } from "../depsync/deployment-repository.ts";
import type { Log } from "../observability/log.ts";
import type { RevisionRead, RevisionSource, SourceRevision } from "./revision-source.ts";
import { untrusted } from "./untrusted-revision.ts";

export interface RepositorySourceOptions {
  readonly mirror: DeploymentMirror;
  /** Where the repository is, as the mirror asks it; undefined: not known yet. */
  readonly location: () => string | undefined;
  /** Whether any manager's key is known by which revisions can be verified. */
  readonly hasManagerKeys: () => boolean;
  readonly log: Log;
}

const NO_KEYS =
  "This worker knows no key of a manager: register its home (bascule register-node), or have a manager join, which tells its key through membership";

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
  async live(): Promise<string | undefined> {
    const { location, log } = this.#options;
    if (location() === undefined) {
      if (!this.#isWaitingSaid)
        log.info("Waiting for a manager to tell where the deployment repository is");
      this.#isWaitingSaid = true;
      return undefined;
    }
    this.#isWaitingSaid = false;
    return this.#mirror.fetchLive();
  }

  /** Where a patch does, nobody is asked. */
  async fetch(id: string, patch?: RevisionPatch): Promise<void> {
    if (patch && (await this.#mirror.store(id, patch))) return;
    await this.#mirror.fetchCandidate(id);
  }

  async read(id: string, running: string | undefined): Promise<RevisionRead> {
    const fault = await this.#mirror.verify(id, running === undefined ? [] : [running]);
    if (fault && !this.#options.hasManagerKeys()) return untrusted({ ...fault, advice: NO_KEYS });
    if (fault) return untrusted(fault);
    return { kind: "read", revision: await this.readGood(id) };
  }

  admits(id: string, seal: string | undefined): Promise<boolean> {
    return this.#mirror.admits(id, seal);
  }

  goodRevisions(): Promise<readonly string[]> {
    return this.#mirror.goodRevisions();
  }

  async readGood(id: string): Promise<SourceRevision> {
    const { files } = await this.#mirror.read(id);
    return { id, files };
  }

  rememberGood(id: string): Promise<void> {
    return this.#mirror.rememberGood(id);
  }
}
