/**
 * What people have pushed to `main`: whether there is something that was not looked at yet, and why it may not become live
 * before any worker is asked: a signature, a history that does not come after `live`, or artifacts that are faulty.
 * Refusals are remembered, in the journal too, until `main` moves or other people may sign: then what comes after the same
 * files is merged by a commit of the manager (`pushed-merge.ts`). Called by `Deployments`.
 */
import { createHash } from "node:crypto";
import type {
  ChangeAuthor,
  CommitInfo,
  FileChange,
  RepositoryRefs,
} from "../depsync/deployment-repository.ts";
import { ALLOWED_SIGNERS_PATH } from "../depsync/signatures/allowed-signers.ts";
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
import { changesOf, mergeBaseOf, signersOf } from "./pushed-merge.ts";
import { type CompiledRevision, type CompiledTree, withChanges } from "./revisions.ts";
import { type DeploymentProblem, toDeploymentProblem } from "./store/journal.ts";
import { warningNotes } from "./warning-notes.ts";

/** A head of `main` that is to be taken. */
export interface PushedHead {
  readonly commit: string;
  readonly refs: RepositoryRefs;
  readonly options: DeployOptions;
  /** By which a refusal is remembered. */
  readonly fingerprint: string;
  /** An admin asks for it, although it was refused or taken back. Default: false. */
  readonly isAsked?: boolean;
}

/** A head that nothing speaks against, as a release. */
interface Takeable {
  readonly tree: CompiledTree;
  readonly changes: readonly FileChange[];
  readonly candidate: (author: ChangeAuthor) => Promise<string>;
  readonly movesMain: boolean;
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

  /** Whether a head that was refused waits for nothing but that the file of signers becomes what is given. */
  async waitsFor(
    head: string | undefined,
    live: string | undefined,
    signers: Buffer | undefined,
  ): Promise<boolean> {
    const { publisher } = this.#options;
    if (head === undefined || live === undefined || signers === undefined) return false;
    if (!(await publisher.isAncestor(live, head))) return false;
    const faultNow = await publisher.verify(head, [live]);
    return faultNow !== undefined && !(await publisher.verify(head, [live], signers));
  }

  /** Through the same barrier as any change; what speaks against it before a worker is asked is journaled once. */
  async take(head: PushedHead): Promise<Attempt> {
    const { commit, refs, options, fingerprint } = head;
    const { publisher, revisions, onChanged } = this.#options;
    const live = refs.live ?? "";
    const [info] = await publisher.log(live, commit, 1);
    const author = { user: info?.author ?? "unknown", via: "push" } as const;
    const artifacts = [{ path: `main ${commit.slice(0, 12)}` }];
    const plan = { changes: [], artifacts, uploadNames: new Map<string, string>() };
    const change: Change = { action: "push", author, options, plan };
    const base = await revisions.read(live);
    const found = await this.#takeable(head, info, base);
    if ("faults" in found) return this.#refuse(change, { commit, live, fingerprint }, found.faults);
    const { tree, changes, candidate, movesMain } = found;
    const paths = changes.map(({ path }) => path);
    const result = await this.#runner.run(change, {
      ...releaseOf(change),
      refs,
      fingerprint,
      artifacts: artifactsIn(changes, base, tree),
      movesMain,
      services: servicesAtStake(paths, base, tree),
      notes: warningNotes(tree, changes, plan),
      candidate: () => candidate(author),
    });
    if (result.kind === "refused") this.#refused = fingerprint;
    if (result.kind === "deployed") {
      revisions.remember(result.commit, tree);
      void onChanged(changes);
    }
    return result;
  }

  /** What taking the head means, or what speaks against it. */
  async #takeable(
    { commit, refs, isAsked = false }: PushedHead,
    info: CommitInfo | undefined,
    base: CompiledRevision,
  ): Promise<Takeable | { readonly faults: readonly DeploymentProblem[] }> {
    const { publisher } = this.#options;
    const live = refs.live ?? "";
    const isAfter = await publisher.isAncestor(live, commit);
    const from = isAfter ? live : await mergeBaseOf(publisher, commit, live);
    if (from === undefined) {
      const message = `main does not come after what is live (${live}): merge live into it, or rebase onto live, and push again`;
      return { faults: [problemOf(commit, message)] };
    }
    // A manager leaves nothing of its own on `main` that is not live, but what was taken back.
    if (info?.signer?.kind === "manager" && !isAsked) {
      const message = `a manager has proposed ${commit}, and it was not taken: deploy it again`;
      return { faults: [problemOf(commit, message)] };
    }
    const signers = isAfter ? undefined : await signersOf(publisher, live);
    const fault = await publisher.verify(commit, [from], signers);
    if (fault) {
      const { author, reason, advice } = fault;
      const message = `commit ${fault.commit} by ${author} ${reason}. ${advice}`;
      return { faults: [problemOf(fault.commit, message)] };
    }
    const found = await (isAfter ? this.#asItIs(commit, live) : this.#merged(commit, from, base));
    const { problems } = found.tree;
    return problems.length > 0 ? { faults: problems.map(toDeploymentProblem) } : found;
  }

  async #asItIs(commit: string, live: string): Promise<Takeable> {
    const { publisher, revisions } = this.#options;
    const tree = await revisions.read(commit);
    const paths = (await publisher.diff(live, commit)).map(({ path }) => path);
    const changes = paths.map((path) => ({ path, content: tree.files.get(path)?.content }));
    const candidate = async (): Promise<string> => {
      await publisher.nominate(commit);
      return commit;
    };
    return { tree, changes, candidate, movesMain: false };
  }

  /** Who may push has changed since it was made: a commit of the manager on top of both. */
  async #merged(commit: string, from: string, base: CompiledRevision): Promise<Takeable> {
    const { publisher, revisions } = this.#options;
    const changes = await changesOf(publisher, from, commit);
    const tree = await revisions.compile(withChanges(base.files, changes));
    const message = `merge what was pushed to main up to ${commit.slice(0, 12)}`;
    const proposal = { base: base.commit, changes, message, merges: commit, allowsEmpty: true };
    const candidate = (author: ChangeAuthor): Promise<string> =>
      publisher.propose({ ...proposal, author });
    return { tree, changes, candidate, movesMain: true };
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
    // A change of who may push lets refused commits be looked at again.
    const signers = await this.#options.publisher.fileAt(live, ALLOWED_SIGNERS_PATH);
    const hash = createHash("sha256").update(`push\0${main}\0${signers?.blob ?? ""}`);
    return hash.digest("hex");
  }
}

function problemOf(commit: string, message: string): DeploymentProblem {
  return { file: `commit ${commit.slice(0, 12)}`, line: 0, message };
}
