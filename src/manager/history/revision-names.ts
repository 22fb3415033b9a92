/**
 * How people name revisions: `live`, `main`, `candidate` (the newest that is kept), the number of a deployment in the
 * journal, or the first digits of a commit id. Asked by the API's resources.
 */
import type { DeploymentPublisher } from "../../depsync/deployment-repository.ts";
import { AppError } from "../../errors/app-error.ts";
import type { Journal } from "../store/journal.ts";
import { keptCandidates } from "./kept-candidates.ts";

/** For parameters of the API. */
export const REVISION_PATTERN = "^(live|main|candidate|#?[0-9]{1,6}|[0-9a-f]{7,64})$";
export const REVISION_HELP =
  "`live`, `main`, `candidate` (the newest that is kept), the number of a deployment, or at least 7 digits of a commit";

const NUMBER = /^#?(\d{1,6})$/;

type JournalReader = Pick<Journal, "find" | "ofCommits" | "answers">;

export class RevisionNames {
  readonly #publisher: DeploymentPublisher;
  readonly #journal: JournalReader;

  constructor(publisher: DeploymentPublisher, journal: JournalReader) {
    this.#publisher = publisher;
    this.#journal = journal;
  }

  /** The full commit id. @throws AppError RESOURCE_UNKNOWN, REQUEST_INVALID, DEPLOYMENT_REPOSITORY. */
  async resolve(word: string): Promise<string> {
    const commit = await this.#find(word);
    if (commit !== undefined) return commit;
    throw unknown(`there is no revision ${word}; \`bascule history\` lists them`);
  }

  /** The commit that a deployment made. @throws AppError RESOURCE_UNKNOWN. */
  async ofDeployment(id: number): Promise<string> {
    const row = await this.#journal.find(id);
    if (!row) throw unknown(`there is no deployment ${id}; \`bascule history\` lists them`);
    if (row.commit !== undefined) return row.commit;
    throw unknown(`deployment ${id} made no revision: it ended as ${row.outcome}`);
  }

  #find(word: string): Promise<string | undefined> {
    if (word === "live") return this.#named("live");
    if (word === "main") return this.#named("main");
    if (word === "candidate") return this.#candidate();
    const number = NUMBER.exec(word)?.[1];
    if (number !== undefined) return this.ofDeployment(Number(number));
    return this.#publisher.expand(word);
  }

  async #named(ref: "live" | "main"): Promise<string> {
    const commit = (await this.#publisher.refs())[ref];
    if (commit !== undefined) return commit;
    throw unknown(`${ref} names no revision yet: nothing was deployed`);
  }

  async #candidate(): Promise<string> {
    const [newest] = await keptCandidates(this.#publisher, this.#journal);
    if (newest) return newest.commit;
    throw unknown("no candidate is kept: nothing was refused");
  }
}

function unknown(message: string): AppError {
  return new AppError("RESOURCE_UNKNOWN", message, { side: "downstream" });
}
