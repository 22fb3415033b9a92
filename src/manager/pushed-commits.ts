/**
 * What people have pushed to `main`: whether there is something that was not looked at yet, and why it may not become live
 * before any worker is asked: a signature, a history that does not come after `live`, or artifacts that are faulty.
 * Refusals are remembered, in the journal too, until `main` moves or other people may sign. Called by `Deployments`.
 */
import { createHash } from "node:crypto";
import type { RepositoryRefs } from "../depsync/deployment-repository.ts";
import { servicesAtStake } from "./barrier/health-verdict.ts";
import { type ChangeRunner, releaseOf } from "./change-runner.ts";
import {
  type Attempt,
  type Change,
  type DeploymentsOptions,
  type DeployOptions,
  type DeployResult,
  NOBODY_ASKED,
} from "./deployment-options.ts";
import { artifactsIn } from "./deployment-plan.ts";
import { type DeploymentProblem, toDeploymentProblem } from "./store/journal.ts";

/** Who may push; a change of it lets refused commits be looked at again. */
const SIGNERS_PATH = ".bascule/allowed_signers";

/** A head of `main` that is to be taken. */
export interface PushedHead {
  readonly commit: string;
  readonly refs: RepositoryRefs;
  readonly options: DeployOptions;
  /** By which a refusal is remembered. */
  readonly fingerprint: string;
}

export type PushedState =
  /** `main` holds nothing that `live` has not. */
  | { readonly kind: "nothing" }
  /** It is ahead, and was refused, or taken back, before. */
  | { readonly kind: "left-out"; readonly commit: string; readonly fingerprint: string }
  /** It is to be looked at. */
  | { readonly kind: "news"; readonly commit: string; readonly fingerprint: string };

interface Refused {
  readonly commit: string;
  readonly live: string;
  readonly fingerprint: string;
}

export class PushedCommits {
  readonly #options: DeploymentsOptions;
  readonly #runner: ChangeRunner;
  /** Of the last look; saves asking the journal each time. */
  #refused: string | undefined;

  constructor(options: DeploymentsOptions, runner: ChangeRunner) {
    this.#options = options;
    this.#runner = runner;
  }

  /** @throws AppError DEPLOYMENT_REPOSITORY. */
  async look({ main, live }: RepositoryRefs): Promise<PushedState> {
    const { publisher, journal } = this.#options;
    if (main === undefined || live === undefined || main === live) return { kind: "nothing" };
    if (await publisher.isAncestor(main, live)) return { kind: "nothing" };
    const fingerprint = await this.#fingerprint(main, live);
    const isKnown =
      this.#refused === fingerprint ||
      (await journal.hasFingerprint(fingerprint)) ||
      (await journal.findBy("reverted", main)) !== undefined;
    if (!isKnown) return { kind: "news", commit: main, fingerprint };
    this.#refused = fingerprint;
    return { kind: "left-out", commit: main, fingerprint };
  }

  /** Through the same barrier as any change; what speaks against it before a worker is asked is journaled once. */
  async take({ commit, refs, options, fingerprint }: PushedHead): Promise<Attempt> {
    const { publisher, revisions, onChanged } = this.#options;
    const live = refs.live ?? "";
    const [info] = await publisher.log(live, commit, 1);
    const author = { user: info?.author ?? "unknown", via: "push" } as const;
    const head = [{ path: `main ${commit.slice(0, 12)}` }];
    const plan = { changes: [], artifacts: head, uploadNames: new Map<string, string>() };
    const change: Change = { action: "push", author, options, plan };
    const faults = await this.#faults(commit, live);
    if (faults.length > 0) return this.#refuse(change, { commit, live, fingerprint }, faults);
    const base = await revisions.read(live);
    const tree = await revisions.read(commit);
    const paths = (await publisher.diff(live, commit)).map(({ path }) => path);
    const changes = paths.map((path) => ({ path, content: tree.files.get(path)?.content }));
    const result = await this.#runner.run(change, {
      ...releaseOf(change),
      refs,
      fingerprint,
      artifacts: artifactsIn(changes, base, tree),
      movesMain: false,
      services: servicesAtStake(paths, base, tree),
      candidate: async () => {
        await publisher.nominate(commit);
        return commit;
      },
    });
    if (result.kind === "refused") this.#refused = fingerprint;
    if (result.kind === "deployed") void onChanged(changes);
    return result;
  }

  /** Empty: nothing speaks against it. */
  async #faults(commit: string, live: string): Promise<readonly DeploymentProblem[]> {
    const { publisher, revisions } = this.#options;
    const place = { file: `commit ${commit.slice(0, 12)}`, line: 0 };
    if (!(await publisher.isAncestor(live, commit))) {
      const message = `main does not come after what is live (${live}): merge live into it, or rebase onto live, and push again`;
      return [{ ...place, message }];
    }
    const fault = await publisher.verify(commit, [live]);
    if (fault) {
      const { author, reason, advice } = fault;
      const message = `commit ${fault.commit} by ${author} ${reason}. ${advice}`;
      return [{ file: `commit ${fault.commit.slice(0, 12)}`, line: 0, message }];
    }
    return (await revisions.read(commit)).problems.map(toDeploymentProblem);
  }

  async #refuse(
    { action, author, plan }: Change,
    { commit, live, fingerprint }: Refused,
    problems: readonly DeploymentProblem[],
  ): Promise<DeployResult> {
    const { journal, log, publisher } = this.#options;
    await publisher.nominate(commit);
    const deployment = await journal.add({
      who: author.user,
      via: author.via,
      action,
      artifacts: plan.artifacts,
      baseCommit: live,
      commit,
      outcome: "refused",
      problems,
      fingerprint,
    });
    this.#refused = fingerprint;
    log.warn(`main is at ${commit}, which is not deployed (deployment ${deployment}):`);
    for (const { file, line, message } of problems) log.warn(`${message} in ${file}:${line}`);
    const found = problems.map((one) => ({ ...one, severity: "error" }) as const);
    return { ...NOBODY_ASKED, kind: "refused", deployment, commit, problems: found };
  }

  async #fingerprint(main: string, live: string): Promise<string> {
    const signers = await this.#options.publisher.fileAt(live, SIGNERS_PATH);
    const hash = createHash("sha256").update(`push\0${main}\0${signers?.blob ?? ""}`);
    return hash.digest("hex");
  }
}
