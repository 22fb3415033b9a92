/**
 * Every change of what the cluster runs, one at a time: validate the whole resulting tree with the engine's own
 * reader → commit to `main` → move `live` → announce. What is faulty changes nothing. Each step is journaled so
 * that `recover` can finish or explain at the next start what a killed manager has left half done.
 * Called by the API's resources, by DroppedFiles and by the manager's start.
 */
import type {
  ChangeAuthor,
  DeploymentPublisher,
  FileChange,
} from "../depsync/deployment-repository.ts";
import { AppError, messageOf } from "../errors/app-error.ts";
import { ConfigError, type ConfigProblem } from "../errors/config-error.ts";
import type { ArtifactKind } from "../mediation/engine.ts";
import type { Log } from "../observability/log.ts";
import type { Closable } from "../runtime/lifecycle.ts";
import {
  artifactsIn,
  type DeploymentPlan,
  namedAsUploaded,
  planDeploy,
  planUndeploy,
  sharedFileProblems,
  type Upload,
} from "./deployment-plan.ts";
import { type RefusedChange, siftBatch } from "./file-batch.ts";
import { recoverDeployments } from "./recovery.ts";
import {
  type CompiledRevision,
  type CompiledTree,
  type FileTree,
  realChanges,
  type Revisions,
  withChanges,
} from "./revisions.ts";
import {
  type DeployedArtifact,
  type DeploymentAction,
  type Journal,
  toDeploymentProblem,
} from "./store/journal.ts";
import { Turnstile } from "./turnstile.ts";

/** Deploys that may wait for the one that runs. */
const WAITING_MAX = 100;

/** What became of a request. `deployment` is the id in the journal. */
export type DeployResult =
  | {
      readonly kind: "deployed" | "unchanged";
      readonly deployment: number;
      readonly commit: string;
      readonly artifacts: readonly DeployedArtifact[];
    }
  | {
      readonly kind: "refused";
      readonly deployment: number;
      readonly problems: readonly ConfigProblem[];
    };

export interface FilesResult {
  /** Undefined: nothing was committed. */
  readonly commit: string | undefined;
  readonly accepted: readonly FileChange[];
  readonly refused: readonly RefusedChange[];
  /** The files that run now. */
  readonly running: FileTree;
}

export interface DeploymentsOptions {
  readonly publisher: DeploymentPublisher;
  readonly revisions: Revisions;
  readonly journal: Journal;
  readonly log: Log;
  /** `live` has moved to the commit: tells whoever runs it. Must not throw. */
  readonly announce: (commit: string) => void;
  /** The changes that are live now, those of saved files excepted; brings the folder in line. Must not reject. */
  readonly onChanged: (changes: readonly FileChange[]) => Promise<void>;
}

interface Change {
  readonly action: DeploymentAction;
  readonly author: ChangeAuthor;
  readonly plan: DeploymentPlan;
}

export class Deployments implements Closable {
  readonly #options: DeploymentsOptions;
  readonly #turnstile = new Turnstile(1, WAITING_MAX);

  constructor(options: DeploymentsOptions) {
    this.#options = options;
  }

  /** Deploys all uploads or none. @throws AppError DEPLOYMENT_REPOSITORY, MANAGER_BUSY. */
  deploy(uploads: readonly Upload[], author: ChangeAuthor): Promise<DeployResult> {
    return this.#turnstile.run(async () => {
      const base = await this.#options.revisions.main();
      let plan: DeploymentPlan;
      try {
        plan = planDeploy(uploads, base);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        const change = { action: "deploy", author, plan: planOfNames(uploads) } as const;
        return this.#refuse(change, base, error.problems);
      }
      return this.#make({ action: "deploy", author, plan }, base);
    });
  }

  /** @throws AppError ARTIFACT_UNKNOWN, DEPLOYMENT_REPOSITORY, MANAGER_BUSY. */
  undeploy(kind: ArtifactKind, name: string, author: ChangeAuthor): Promise<DeployResult> {
    return this.#turnstile.run(async () => {
      const base = await this.#options.revisions.main();
      const plan = planUndeploy(kind, name, base);
      if (!plan)
        throw new AppError("ARTIFACT_UNKNOWN", `no ${kind} "${name}" is deployed`, {
          side: "downstream",
        });
      return this.#make({ action: "undeploy", author, plan }, base);
    });
  }

  /** Commits the good ones of changed files; the refused ones are the caller's to report. @throws as `deploy`. */
  deployFiles(changes: readonly FileChange[], author: ChangeAuthor): Promise<FilesResult> {
    const { revisions } = this.#options;
    return this.#turnstile.run(async () => {
      const base = await revisions.main();
      const batch = siftBatch(base, realChanges(base.files, changes), (files) =>
        revisions.compile(files),
      );
      const { accepted, refused, tree } = batch;
      const running = tree.files;
      if (accepted.length === 0) return { commit: undefined, accepted, refused, running };
      const artifacts = artifactsIn(accepted, base, tree);
      const plan = { changes: accepted, artifacts, uploadNames: new Map<string, string>() };
      const action = accepted.every(({ content }) => content === undefined) ? "undeploy" : "deploy";
      const { commit } = await this.#publish({ action, author, plan }, base, tree);
      return { commit, accepted, refused, running };
    });
  }

  /** Finishes what a killed manager has left; called once before requests are taken. @throws AppError DEPLOYMENT_REPOSITORY. */
  recover(): Promise<void> {
    return this.#turnstile.run(() => recoverDeployments(this.#options));
  }

  /** Resolves when the changes that were asked for so far are done; the database must stay open until then. */
  close(): Promise<void> {
    return this.#turnstile.run(() => Promise.resolve());
  }

  async #make(change: Change, base: CompiledRevision): Promise<DeployResult> {
    const { plan } = change;
    const shared = sharedFileProblems(plan, base);
    if (shared.length > 0) return this.#refuse(change, base, namedAsUploaded(shared, plan));
    const changes = realChanges(base.files, plan.changes);
    const live = await this.#options.publisher.live();
    if (changes.length === 0 && base.commit !== undefined && base.commit === live)
      return this.#leave(change, base.commit);
    const tree =
      changes.length === 0
        ? base
        : this.#options.revisions.compile(withChanges(base.files, changes));
    if (tree.problems.length > 0)
      return this.#refuse(change, base, namedAsUploaded(tree.problems, plan));
    const published = await this.#publish({ ...change, plan: { ...plan, changes } }, base, tree);
    await this.#options.onChanged(plan.changes);
    return { kind: "deployed", ...published, artifacts: plan.artifacts };
  }

  async #leave({ action, author, plan }: Change, commit: string): Promise<DeployResult> {
    const deployment = await this.#options.journal.add({
      who: author.user,
      via: author.via,
      action,
      artifacts: plan.artifacts,
      baseCommit: commit,
      commit,
      outcome: "unchanged",
      problems: [],
    });
    return { kind: "unchanged", deployment, commit, artifacts: plan.artifacts };
  }

  async #refuse(
    { action, author, plan }: Change,
    base: CompiledRevision,
    problems: readonly ConfigProblem[],
  ): Promise<DeployResult> {
    const deployment = await this.#options.journal.add({
      who: author.user,
      via: author.via,
      action,
      artifacts: plan.artifacts,
      baseCommit: base.commit,
      commit: undefined,
      outcome: "refused",
      problems: problems.map(toDeploymentProblem),
    });
    this.#options.log.warn(
      `Refused to ${action} ${describe(plan.artifacts)} for ${author.user}: ${problems.length} problem(s), see deployment ${deployment}`,
    );
    return { kind: "refused", deployment, problems };
  }

  async #publish(
    { action, author, plan }: Change,
    base: CompiledRevision,
    tree: CompiledTree,
  ): Promise<{ deployment: number; commit: string }> {
    const { publisher, journal, revisions, announce, log } = this.#options;
    const deployment = await journal.add({
      who: author.user,
      via: author.via,
      action,
      artifacts: plan.artifacts,
      baseCommit: base.commit,
      commit: undefined,
      outcome: "pending",
      problems: [],
    });
    let commit: string | undefined;
    try {
      const live = await publisher.live();
      const message = `${action} ${describe(plan.artifacts)}`;
      commit =
        plan.changes.length === 0 && base.commit !== undefined
          ? base.commit
          : await publisher.commit(plan.changes, message, author);
      if (commit !== live) await publisher.moveLive(commit, live);
    } catch (error) {
      const problem = { file: publisher.location, line: 1, message: messageOf(error) };
      await journal.settle(deployment, { outcome: "failed", commit, problems: [problem] });
      throw error;
    }
    revisions.remember(commit, tree);
    await journal.settle(deployment, { outcome: "deployed", commit, problems: [] });
    log.info(`Revision ${commit} is live: ${action} ${describe(plan.artifacts)} by ${author.user}`);
    announce(commit);
    return { deployment, commit };
  }
}

/** Artifacts named in a subject line. */
const NAMED_MAX = 3;

function describe(artifacts: readonly DeployedArtifact[]): string {
  const named = artifacts
    .slice(0, NAMED_MAX)
    .map(({ kind, name, path }) => (kind && name ? `${kind} ${name}` : path))
    .map((text) => text.replaceAll(/\p{Cc}/gu, "?"));
  const more = artifacts.length - named.length;
  return more > 0 ? `${named.join(", ")} and ${more} more` : named.join(", ");
}

/** For the journal, when the uploads cannot be read: their names instead of places. */
function planOfNames(uploads: readonly Upload[]): DeploymentPlan {
  const artifacts = uploads.map(({ name }) => ({ path: name ?? "(upload)" }));
  return { changes: [], artifacts, uploadNames: new Map() };
}
