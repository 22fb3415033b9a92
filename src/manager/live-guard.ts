/**
 * Keeps `live` what managers made it, by seals (`depsync/signatures/live-seal.ts`): what this manager knows from its own record
 * counts, and beside it only a newer seal of another manager. Everything else is put back, whoever has signed the commit. Where
 * nothing was sealed yet it signs what an earlier version, or people, have left unsigned (takes over), and seals.
 * Called by `Deployments` before each change and at each look.
 */
import type {
  DeploymentPublisher,
  RepositoryRefs,
  SignatureFault,
} from "../depsync/deployment-repository.ts";
import { type LiveSeal, isNewer } from "../depsync/signatures/live-seal.ts";
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
    const { known, found } = await this.#options.publisher.seals();
    const isShown = known !== undefined && found?.id === known.id;
    if (isShown && refs.live === known.commit) return this.#inOrder(refs, known.commit);
    if (found && !isShown && isNewer(found, known) && (await this.#has(found)))
      return this.#follow(refs, found, known);
    if (known && (await this.#has(known))) return this.#putBack(refs, known.commit);
    // The repository comes from an old backup: what it says is the best there is.
    if (found && (await this.#has(found))) return this.#follow(refs, found, known);
    const after = await this.#checkUnsealed(refs);
    const { known: sealed } = await this.#options.publisher.seals();
    if (after.live !== undefined && sealed?.commit !== after.live)
      await this.#options.publisher.seal(after.live);
    return after;
  }

  /** A manager that was killed between the seal and `live` has made its revision live: the refs follow. Called at a start, first. */
  async finishMove(refs: RepositoryRefs): Promise<RepositoryRefs> {
    const { publisher, log } = this.#options;
    const { known, found } = await publisher.seals();
    if (!known || !found || found.number <= known.number) return refs;
    if (refs.live !== known.commit || !(await this.#has(found))) return refs;
    const { live, main } = refs;
    const { commit } = found;
    // What `main` was to stay away from does not come after it.
    const movesMain = main !== undefined && (await publisher.isAncestor(main, commit));
    await publisher.goLive({ commit, live, main, movesMain });
    log.info(`Revision ${commit} is live; the manager was stopped while it moved there`);
    return { live: commit, main: movesMain ? commit : main };
  }

  async #inOrder(refs: RepositoryRefs, live: string): Promise<RepositoryRefs> {
    if (live === this.#known) return refs;
    const { publisher } = this.#options;
    const isStart = this.#known === undefined;
    await this.#take(live, await this.#last());
    // Repository and record may both come from an old backup, and workers have followed more since: a larger number goes for all.
    if (isStart && publisher.own) await publisher.seal(live);
    return refs;
  }

  /** What another manager, or an earlier start, has said; or all that is left. */
  async #follow(
    refs: RepositoryRefs,
    found: LiveSeal,
    known: LiveSeal | undefined,
  ): Promise<RepositoryRefs> {
    const { publisher } = this.#options;
    const last = await this.#last();
    await publisher.acceptSeal();
    if (refs.live !== found.commit) return this.#putBack(refs, found.commit);
    await this.#take(found.commit, last);
    const isNews = known !== undefined && isNewer(found, known);
    // Nobody knows here whether workers have followed larger numbers.
    if (!isNews) await publisher.seal(found.commit);
    return refs;
  }

  async #putBack(refs: RepositoryRefs, commit: string): Promise<RepositoryRefs> {
    const { publisher, announce } = this.#options;
    const last = await this.#last();
    await publisher.restoreLive(refs.live);
    this.accept(commit);
    const what =
      refs.live === commit
        ? "what managers say is live (live-seal) was changed by somebody else"
        : `live was moved by somebody else, to ${refs.live ?? "nothing"}`;
    await this.#tell(refs, commit, `${what}; it is back at ${commit}`);
    if (commit !== last) announce(commit);
    return { ...refs, live: commit };
  }

  /** A commit comes after itself, where it is there. */
  #has({ commit }: LiveSeal): Promise<boolean> {
    return this.#options.publisher.isAncestor(commit, commit);
  }

  async #last(): Promise<string | undefined> {
    return this.#known ?? (await this.#options.journal.lastDeployed())?.commit;
  }

  /** The repository of an earlier version, or of people. */
  async #checkUnsealed(refs: RepositoryRefs): Promise<RepositoryRefs> {
    const { live, main } = refs;
    if (live !== undefined && live === this.#known) return refs;
    if (live === undefined && main === undefined) return refs;
    const last = await this.#last();
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
    const { publisher } = this.#options;
    await publisher.goLive({ commit: last, live: refs.live, main: undefined, movesMain: false });
    this.accept(last);
    await this.#tell(
      refs,
      last,
      `live was moved by somebody else and ${what}; it is back at ${last}`,
    );
    return { ...refs, live: last };
  }

  async #tell(refs: RepositoryRefs, last: string, message: string): Promise<void> {
    const { publisher, log, journal } = this.#options;
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
