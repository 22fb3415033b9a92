/**
 * One change on its ground: planned, compiled as the whole tree that would run, then released through the barrier, or refused and
 * journaled. Called by `Deployments` in the change's turn.
 */
import { ConfigError, type ConfigProblem } from "../errors/config-error.ts";
import type { FileChange } from "../depsync/deployment-repository.ts";
import { type BarrierOptions, type Release, runRelease } from "./barrier/release.ts";
import { servicesAtStake } from "./barrier/health-verdict.ts";
import {
  type Attempt,
  type Change,
  type DeploymentsOptions,
  type DeployResult,
  type Ground,
  NOBODY_ASKED,
} from "./deployment-options.ts";
import { type DeploymentPlan, namedAsUploaded, sharedFileProblems } from "./deployment-plan.ts";
import { describeArtifacts, leftOutNote, subjectOf } from "./deployment-words.ts";
import type { LiveGuard } from "./live-guard.ts";
import { type CompiledTree, realChanges, withChanges } from "./revisions.ts";
import { type DeploymentOutcome, toDeploymentProblem } from "./store/journal.ts";
import { warningNotes } from "./warning-notes.ts";

export class ChangeRunner {
  readonly #options: DeploymentsOptions;
  readonly #barrier: BarrierOptions;
  readonly #guard: LiveGuard;

  constructor(options: DeploymentsOptions, barrier: BarrierOptions, guard: LiveGuard) {
    this.#options = options;
    this.#barrier = barrier;
    this.#guard = guard;
  }

  /** With a plan that is made now; one that cannot be made is refused, and the journal tells. */
  async planned(change: Change, ground: Ground, plan: () => DeploymentPlan): Promise<Attempt> {
    let made: DeploymentPlan;
    try {
      made = plan();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return this.#refuse(change, ground, error.problems);
    }
    return this.make({ ...change, plan: made }, ground);
  }

  /** @param compiled the tree with the changes, where it is known already. */
  async make(change: Change, ground: Ground, compiled?: CompiledTree): Promise<Attempt> {
    const { plan } = change;
    const { base, refs } = ground;
    const shared = sharedFileProblems(plan, base);
    if (shared.length > 0) return this.#refuse(change, ground, namedAsUploaded(shared, plan));
    const changes = realChanges(base.files, plan.changes);
    if (changes.length === 0 && refs.live !== undefined) return this.#leave(change, refs.live);
    const tree = compiled ?? (await this.compiled(ground, changes));
    if (tree.problems.length > 0)
      return this.#refuse(change, ground, namedAsUploaded(tree.problems, plan));
    const result = await this.release({ ...change, plan: { ...plan, changes } }, ground, tree);
    // The folder follows after the answer.
    if (result.kind === "deployed") void this.#options.onChanged(plan.changes);
    return result;
  }

  compiled({ base }: Ground, changes: readonly FileChange[]): Promise<CompiledTree> {
    if (changes.length === 0) return Promise.resolve(base);
    return this.#options.revisions.compile(withChanges(base.files, changes));
  }

  /** A validated change as a new commit through the barrier. */
  async release(
    change: Change,
    { refs, base, leavesOut, keepsMain = false }: Ground,
    tree: CompiledTree,
  ): Promise<Attempt> {
    const { publisher, revisions } = this.#options;
    const { changes } = change.plan;
    const paths = changes.map(({ path }) => path);
    const result = await this.run(change, {
      ...releaseOf(change),
      refs,
      movesMain: !keepsMain,
      services: servicesAtStake(paths, base, tree),
      notes: [
        ...(leavesOut === undefined ? [] : [leftOutNote(leavesOut)]),
        ...warningNotes(tree, changes, change.plan),
      ],
      candidate: () =>
        publisher.propose({
          base: base.commit,
          changes,
          message: subjectOf(change),
          author: change.author,
          allowsEmpty: true,
          ...(leavesOut !== undefined && { leavesOut }),
        }),
    });
    if (result.kind === "deployed") revisions.remember(result.commit, tree);
    return result;
  }

  /** Any candidate through the barrier. */
  async run({ action, author, plan }: Change, release: Release): Promise<Attempt> {
    const outcome = await runRelease(release, this.#barrier);
    if (outcome.kind === "overtaken") return outcome;
    const { artifacts } = release;
    if (outcome.kind === "deployed") {
      const { commit } = outcome;
      this.#guard.accept(commit);
      const what = `${action} ${describeArtifacts(artifacts)} by ${author.user}`;
      this.#options.log.info(`Revision ${commit} is live: ${what}`);
      for (const note of outcome.notes) this.#options.log.warn(note);
      return { ...outcome, artifacts };
    }
    const { kind, reason, ...rest } = outcome;
    const found = outcome.problems.map((one) => ({ ...one, severity: "error" }) as const);
    const problems = namedAsUploaded(found, plan);
    return kind === "failed" ? { ...rest, kind, reason, problems } : { ...rest, kind, problems };
  }

  async #leave(change: Change, commit: string): Promise<DeployResult> {
    const deployment = await this.#journal(change, commit, { commit, outcome: "unchanged" });
    const { artifacts } = change.plan;
    return { ...NOBODY_ASKED, kind: "unchanged", deployment, commit, artifacts };
  }

  async #refuse(
    change: Change,
    { refs }: Ground,
    problems: readonly ConfigProblem[],
  ): Promise<DeployResult> {
    const end = { commit: undefined, outcome: "refused", problems } as const;
    const deployment = await this.#journal(change, refs.live, end);
    const { action, author, plan } = change;
    this.#options.log.warn(
      `Refused to ${action} ${describeArtifacts(plan.artifacts)} for ${author.user}: ${problems.length} problem(s), see deployment ${deployment}`,
    );
    return { ...NOBODY_ASKED, kind: "refused", deployment, commit: undefined, problems };
  }

  #journal(
    { action, author, plan }: Change,
    baseCommit: string | undefined,
    end: {
      readonly commit: string | undefined;
      readonly outcome: DeploymentOutcome;
      readonly problems?: readonly ConfigProblem[];
    },
  ): Promise<number> {
    const { artifacts } = plan;
    const problems = (end.problems ?? []).map(toDeploymentProblem);
    const row = { who: author.user, via: author.via, action, artifacts, baseCommit };
    return this.#options.journal.add({ ...row, ...end, problems });
  }
}

/** What a release takes over from its change. */
export function releaseOf({ action, author, plan, options }: Change) {
  const { withoutNodes = [] } = options;
  const { user: who, via } = author;
  return { who, via, action, artifacts: plan.artifacts, withoutNodes, notes: [] as const };
}
