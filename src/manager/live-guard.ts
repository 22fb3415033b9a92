/**
 * Keeps `live` what managers made it: signs what an earlier version, or people, have left unsigned (takes over), accepts a
 * move by another manager, and moves `live` back where somebody else has set it to a commit that nobody known has
 * signed. Called by `Deployments` before each change and at each look.
 */
import type {
  DeploymentPublisher,
  RepositoryRefs,
  SignatureFault,
} from "../depsync/deployment-repository.ts";
import type { Log } from "../observability/log.ts";
import type { Revisions } from "./revisions.ts";
import { type Journal, toDeploymentProblem } from "./store/journal.ts";

export interface LiveGuardOptions {
  readonly publisher: DeploymentPublisher;
  readonly revisions: Revisions;
  readonly journal: Journal;
  readonly log: Log;
  /** `live` is at that commit, which the cluster may not know yet. Must not throw. */
  readonly announce: (commit: string) => void;
}

const SYSTEM = { who: "bascule", via: "manager" } as const;
const AUTHOR = { user: "bascule", via: "manager" } as const;

export class LiveGuard {
  readonly #options: LiveGuardOptions;
  /** Where this manager has left `live`. */
  #known: string | undefined;

  constructor(options: LiveGuardOptions) {
    this.#options = options;
  }

  /** This manager has moved `live`, or found it in order. */
  accept(live: string): void {
    this.#known = live;
  }

  /** @returns the refs as they are afterwards. @throws AppError DEPLOYMENT_REPOSITORY. */
  async check(refs: RepositoryRefs): Promise<RepositoryRefs> {
    const { live, main } = refs;
    if (live !== undefined && live === this.#known) return refs;
    if (live === undefined && main === undefined) return refs;
    const last = this.#known ?? (await this.#options.journal.lastDeployed())?.commit;
    if (live === undefined) return last === undefined ? this.#takeOver(refs, main ?? "") : refs;
    const fault = await this.#faultOf(live, last);
    if (!fault) {
      await this.#take(live, last);
      return refs;
    }
    // An earlier version did not sign: the journal vouches for what it made live.
    if (last === undefined || last === live) return this.#takeOver(refs, live);
    return this.#moveBack(refs, last, `is ${live}, which ${fault.reason}`);
  }

  /** From its own history, and by those who may sign now: a person who was removed does not come back with an old revision. */
  async #faultOf(live: string, last: string | undefined): Promise<SignatureFault | undefined> {
    const { publisher } = this.#options;
    const fault = await publisher.verify(live, []);
    return fault ?? (last === undefined ? undefined : publisher.verify(live, [last]));
  }

  async #take(live: string, last: string | undefined): Promise<void> {
    const { log, announce } = this.#options;
    this.accept(live);
    if (live === last) return;
    // A new repository, or a new journal: there is nothing to tell.
    if (last === undefined) {
      announce(live);
      return;
    }
    log.info(`Revision ${live} is live; another manager, or an earlier start, has moved it there`);
    await this.#journal("recover", last, live);
    announce(live);
  }

  /** The same files in a signed commit, on top of what is there. */
  async #takeOver(refs: RepositoryRefs, base: string): Promise<RepositoryRefs> {
    const { publisher, revisions, log, announce, journal } = this.#options;
    const tree = await revisions.read(base);
    if (refs.live === undefined && tree.problems.length > 0) {
      if ((await journal.findBy("refused", base)) === undefined) await this.#refuse(base, tree);
      return refs;
    }
    const { live, main } = refs;
    const leavesOut =
      main !== undefined && !(await publisher.isAncestor(main, base)) ? main : undefined;
    const commit = await publisher.propose({
      base,
      changes: [],
      message: "take over the deployment repository",
      author: AUTHOR,
      allowsEmpty: true,
      ...(leavesOut !== undefined && { leavesOut }),
    });
    await publisher.goLive({ commit, live, main, movesMain: true });
    revisions.remember(commit, tree);
    this.accept(commit);
    await this.#journal("take over", base, commit);
    log.info(
      `Revision ${base} was not signed by a manager; ${commit} with the same files is, and is live now`,
    );
    announce(commit);
    return { main: commit, live: commit };
  }

  async #refuse(
    commit: string,
    { problems }: Awaited<ReturnType<Revisions["read"]>>,
  ): Promise<void> {
    const { journal, log } = this.#options;
    log.error(`main is at ${commit}, which is faulty and does not become live`);
    await journal.add({
      ...SYSTEM,
      action: "take over",
      artifacts: [],
      baseCommit: undefined,
      commit,
      outcome: "refused",
      problems: problems.map(toDeploymentProblem),
    });
  }

  async #moveBack(refs: RepositoryRefs, last: string, what: string): Promise<RepositoryRefs> {
    const { publisher, log, journal } = this.#options;
    await publisher.goLive({ commit: last, live: refs.live, main: undefined, movesMain: false });
    this.accept(last);
    const message = `live was moved by somebody else and ${what}; it is back at ${last}`;
    log.error(message);
    await journal.add({
      ...SYSTEM,
      action: "recover",
      artifacts: [],
      baseCommit: last,
      commit: refs.live,
      outcome: "refused",
      problems: [{ file: publisher.location, line: 0, message }],
    });
    return { ...refs, live: last };
  }

  async #journal(
    action: "take over" | "recover",
    baseCommit: string | undefined,
    commit: string,
  ): Promise<void> {
    const row = { ...SYSTEM, action, artifacts: [], baseCommit, commit, problems: [] };
    await this.#options.journal.add({ ...row, outcome: "deployed" });
  }
}
