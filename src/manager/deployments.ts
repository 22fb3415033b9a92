/**
 * Every change of what the cluster runs, one at a time, each on top of what is live when its turn comes: one signed candidate
 * through the barrier (`barrier/release.ts`), to which all workers switch, or none. What is faulty changes nothing.
 * Called by the API's resources, by DroppedFiles, by the watch over `main` and by the manager's start.
 */
import type { ChangeAuthor, FileChange } from "../depsync/deployment-repository.ts";
import { ALLOWED_SIGNERS_PATH } from "../depsync/signatures/allowed-signers.ts";
import { AppError, messageOf } from "../errors/app-error.ts";
import type { Closable } from "../runtime/lifecycle.ts";
import type { DeployableKind } from "./artifact-place.ts";
import { HealthWatch, type WatchedDeploy } from "./barrier/health-watch.ts";
import { LateWorkers } from "./barrier/late-workers.ts";
import type { LiveWorkers } from "./barrier/live-workers.ts";
import type { BarrierOptions } from "./barrier/release.ts";
import { ChangeRunner, releaseOf } from "./change-runner.ts";
import {
  type Attempt,
  type Change,
  type DeploymentsOptions,
  type DeployOptions,
  type DeployResult,
  type FilesResult,
  type Ground,
  HEALTH_WINDOW_MS,
  NOBODY_ASKED,
  STAGE_TIMEOUT_MS,
} from "./deployment-options.ts";
import { artifactsIn, planDeploy, planUndeploy, type Upload } from "./deployment-plan.ts";
import { siftBatch } from "./file-batch.ts";
import { LiveGuard } from "./live-guard.ts";
import { PushedCommits } from "./pushed-commits.ts";
import { recoverDeployments } from "./recovery.ts";
import { triedAgainNote } from "./deployment-words.ts";
import { realChanges } from "./revisions.ts";
import { rollbackChanges } from "./rollback.ts";
import type { DeployedArtifact } from "./store/journal.ts";
import { Turnstile } from "./turnstile.ts";

export type { DeploymentsOptions, DeployOptions, DeployResult, FilesResult };

/** Deploys that may wait for the one that runs. */
const WAITING_MAX = 100;
/** How often a change is made again on top of what another writer has made live in between. */
const TRIES_MAX = 3;
const NO_WORKERS: LiveWorkers = { list: () => [], onLeft: () => () => {} };

export class Deployments implements Closable {
  readonly #options: DeploymentsOptions;
  readonly #barrier: BarrierOptions;
  readonly #guard: LiveGuard;
  readonly #runner: ChangeRunner;
  readonly #pushed: PushedCommits;
  readonly #turnstile = new Turnstile(1, WAITING_MAX);
  /** Waits for its turn. */
  #queuedLook: Promise<DeployResult | undefined> | undefined;
  #isClosed = false;

  constructor(options: DeploymentsOptions) {
    this.#options = options;
    const { cluster, workers = NO_WORKERS, clock } = options;
    const windowMs = options.healthWindowMs ?? HEALTH_WINDOW_MS;
    const onWorse = (deploy: WatchedDeploy, reason: string): void =>
      void this.#goBack(deploy, reason);
    this.#barrier = {
      ...options,
      workers,
      cluster,
      late: cluster && new LateWorkers(cluster),
      health: new HealthWatch({ workers, clock, windowMs, onWorse }),
      stageTimeoutMs: options.stageTimeoutMs ?? STAGE_TIMEOUT_MS,
    };
    this.#guard = new LiveGuard(options);
    this.#runner = new ChangeRunner(options, this.#barrier, this.#guard);
    this.#pushed = new PushedCommits(options, this.#runner);
  }

  /** Names of workers that do not run what is live yet. */
  get lateWorkers(): readonly string[] {
    return this.#barrier.late?.names ?? [];
  }

  /** Deploys all uploads or none. @throws AppError DEPLOYMENT_REPOSITORY, MANAGER_BUSY, REQUEST_INVALID. */
  deploy(
    uploads: readonly Upload[],
    author: ChangeAuthor,
    options: DeployOptions = {},
  ): Promise<DeployResult> {
    const named = uploads.map(({ name }) => ({ path: name ?? "(upload)" }));
    const change = { action: "deploy", author, options, plan: planOf([], named) } as const;
    return this.#change(options, (ground) =>
      this.#runner.planned(change, ground, () => planDeploy(uploads, ground.base)),
    );
  }

  /** @throws AppError ARTIFACT_UNKNOWN, and as `deploy`. */
  undeploy(
    kind: DeployableKind,
    name: string,
    author: ChangeAuthor,
    options: DeployOptions = {},
  ): Promise<DeployResult> {
    const plan = planOf([], [{ path: `${kind} ${name}` }]);
    const change = { action: "undeploy", author, options, plan } as const;
    return this.#change(options, (ground) =>
      this.#runner.planned(change, ground, () => {
        const found = planUndeploy(kind, name, ground.base);
        if (found) return found;
        const message = `no ${kind} "${name}" is deployed`;
        throw new AppError("ARTIFACT_UNKNOWN", message, { side: "downstream" });
      }),
    );
  }

  /**
   * A new commit whose files are those of an earlier revision, who may push excepted. @param commit a full commit id.
   * @throws AppError RESOURCE_UNKNOWN (it is not there, or nobody known has signed it), and as `deploy`.
   */
  rollback(commit: string, author: ChangeAuthor, given: DeployOptions = {}): Promise<DeployResult> {
    const message = given.message ?? `roll back to ${commit.slice(0, 12)}`;
    const options = { ...given, message };
    return this.#change(options, async (ground) => {
      const { publisher, journal } = this.#options;
      const { live } = ground.refs;
      const changes = await rollbackChanges({ publisher, journal, live }, commit);
      const tree = await this.#runner.compiled(ground, changes);
      const plan = planOf(changes, artifactsIn(changes, ground.base, tree));
      return this.#runner.make({ action: "rollback", author, options, plan }, ground, tree);
    });
  }

  /**
   * Changes who may push (`.bascule/allowed_signers`), and looks at `main` again where it waits for that. `edit` makes the new content from the one that is live, inside of the
   * deploy's turn; undefined: there is no such file. What it throws is thrown.
   */
  async changeSigners(
    edit: (content: Buffer | undefined) => Buffer | undefined,
    author: ChangeAuthor,
    options: DeployOptions = {},
  ): Promise<DeployResult> {
    const waiting: string[] = [];
    const result = await this.#change(options, async (ground) => {
      const content = edit(ground.base.files.get(ALLOWED_SIGNERS_PATH)?.content);
      const plan = planOf(
        [{ path: ALLOWED_SIGNERS_PATH, content }],
        [{ path: ALLOWED_SIGNERS_PATH }],
      );
      const change = { action: "signers", author, options, plan } as const;
      const { leavesOut, refs } = ground;
      if (!(await this.#pushed.waitsFor(leavesOut, refs.live, content)))
        return this.#runner.make(change, ground);
      waiting.push(leavesOut ?? "");
      return this.#runner.make(change, { ...ground, leavesOut: undefined, keepsMain: true });
    });
    const [head] = waiting;
    if (result.kind !== "deployed" || head === undefined) return result;
    return { ...result, notes: [...result.notes, await this.#tryAgain(head)] };
  }

  /** What became of a head of `main` that others may have signed now. Never rejects: the watch over `main` looks at it too. */
  async #tryAgain(head: string): Promise<string> {
    try {
      return triedAgainNote(head, await this.lookAtMain());
    } catch (error) {
      return `main is at ${head}, which is looked at again later: ${messageOf(error)}`;
    }
  }

  /**
   * Deploys the good ones of changed files; the refused ones are the caller's to report.
   * @throws AppError NODE_UNREACHABLE when a worker could not take them, and as `deploy`.
   */
  async deployFiles(changes: readonly FileChange[], author: ChangeAuthor): Promise<FilesResult> {
    const { revisions } = this.#options;
    const nothing = { commit: undefined, accepted: [], refused: [], running: new Map() };
    let files: FilesResult = nothing;
    const result = await this.#change({}, async (ground) => {
      const { base } = ground;
      const real = realChanges(base.files, changes);
      const batch = await siftBatch(base, real, (tree) => revisions.compile(tree));
      const { accepted, refused, tree } = batch;
      files = { commit: undefined, accepted, refused, running: tree.files };
      if (accepted.length === 0) return unchanged(base.commit ?? "");
      const plan = planOf(accepted, artifactsIn(accepted, base, tree));
      const action = accepted.every(({ content }) => content === undefined) ? "undeploy" : "deploy";
      return this.#runner.release({ action, author, options: {}, plan }, ground, tree);
    });
    if (result.kind === "failed") {
      const message = `saved files are not deployed: ${result.reason}`;
      throw new AppError("NODE_UNREACHABLE", message, { side: "peer", retryable: true });
    }
    if (result.kind !== "refused")
      return result.kind === "deployed" ? { ...files, commit: result.commit } : files;
    const { problems } = result;
    const all = files.accepted.map((change) => ({ change, problems }));
    return { ...files, accepted: [], refused: [...files.refused, ...all] };
  }

  /**
   * Takes what people have pushed to `main`, through the same barrier; called after a push and on a timer. Looks that wait for
   * their turn are one.
   * @returns undefined: there is nothing new. @throws AppError DEPLOYMENT_REPOSITORY, MANAGER_BUSY.
   */
  lookAtMain(): Promise<DeployResult | undefined> {
    if (this.#isClosed) return Promise.resolve(undefined);
    this.#queuedLook ??= this.#turnstile.run(() => {
      this.#queuedLook = undefined;
      return this.#look(false);
    });
    return this.#queuedLook;
  }

  /** As `lookAtMain`, also for what was refused, or taken back, before. */
  retryMain(): Promise<DeployResult | undefined> {
    return this.#turnstile.run(() => this.#look(true));
  }

  /** Finds out what a killed manager has left; called once before requests are taken. @throws AppError DEPLOYMENT_REPOSITORY. */
  recover(): Promise<void> {
    return this.#turnstile.run(async () => {
      const { workers, late } = this.#barrier;
      const refs = await this.#guard.finishMove(await this.#options.publisher.refs());
      await recoverDeployments({ ...this.#options, workers }, refs);
      const { live } = await this.#guard.check(refs);
      const names = workers.list().map(({ name }) => name);
      if (live !== undefined) late?.begin(live, names);
    });
  }

  /** Resolves when the changes that were asked for so far are done; the database must stay open until then. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const { health, late } = this.#barrier;
    await health.close();
    await this.#turnstile.run(() => Promise.resolve());
    await health.close();
    await late?.close();
  }

  async #look(isRetry: boolean): Promise<DeployResult | undefined> {
    const refs = await this.#guard.check(await this.#options.publisher.refs());
    const state = await this.#pushed.look(refs);
    if (state.kind === "nothing" || (state.kind === "left-out" && !isRetry)) return undefined;
    const { commit, fingerprint } = state;
    const head = { commit, fingerprint, refs, options: {}, isAsked: isRetry };
    const result = await this.#pushed.take(head);
    return result.kind === "overtaken" ? undefined : result;
  }

  /** Runs a change in its turn, on top of what is live then; again when somebody else was quicker. */
  #change(
    options: DeployOptions,
    attempt: (ground: Ground) => Promise<Attempt>,
  ): Promise<DeployResult> {
    return this.#turnstile.run(async () => {
      for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
        const ground = await this.#ground(options);
        const result = "kind" in ground ? ground : await attempt(ground);
        if (result.kind !== "overtaken") return result;
      }
      const message = `main or live was moved by somebody else ${TRIES_MAX} times while this was deployed; try again`;
      throw new AppError("DEPLOYMENT_REPOSITORY", message, { side: "peer", retryable: true });
    });
  }

  /** What a change builds on. What people have pushed comes first; where a worker fails for that, so would the change. */
  async #ground(options: DeployOptions): Promise<Ground | Attempt> {
    const { publisher, revisions } = this.#options;
    let refs = await this.#guard.check(await publisher.refs());
    let state = await this.#pushed.look(refs);
    if (state.kind === "news") {
      const { commit, fingerprint } = state;
      const taken = await this.#pushed.take({ commit, fingerprint, refs, options });
      if (taken.kind === "failed" || taken.kind === "overtaken") return taken;
      refs = await publisher.refs();
      state = await this.#pushed.look(refs);
    }
    const base = await revisions.read(refs.live ?? refs.main);
    const leavesOut = state.kind === "left-out" ? state.commit : undefined;
    return { refs, base, leavesOut };
  }

  /** The automatic way back: the revision before becomes live again, by the same barrier; `main` stays where it is. */
  async #goBack(deploy: WatchedDeploy, reason: string): Promise<void> {
    const { log } = this.#options;
    try {
      await this.#turnstile.run(() => this.#revert(deploy, reason));
    } catch (error) {
      log.error(`Revision ${deploy.commit} could not be taken back: ${messageOf(error)}`);
    }
  }

  async #revert(deploy: WatchedDeploy, reason: string): Promise<void> {
    const { publisher, journal, log, revisions, onChanged } = this.#options;
    const { deployment, commit, previous } = deploy;
    const refs = await publisher.refs();
    if (refs.live !== commit) return;
    log.error(`Services got worse with revision ${commit}, which is taken back: ${reason}`);
    const [now, then] = [await revisions.read(commit), await revisions.read(previous)];
    const paths = (await publisher.diff(commit, previous)).map(({ path }) => path);
    const changes = paths.map((path) => ({ path, content: then.files.get(path)?.content }));
    const author = { user: "bascule", via: "manager" } as const;
    const plan = planOf(changes, artifactsIn(changes, now, then));
    const change: Change = { action: "revert", author, options: {}, plan };
    const result = await this.#runner.run(change, {
      ...releaseOf(change),
      refs,
      movesMain: false,
      notes: [`deployment ${deployment} is taken back: ${reason}`],
      services: [],
      candidate: () => Promise.resolve(previous),
    });
    if (result.kind !== "deployed") return;
    const problems = [{ file: `deployment ${deployment}`, line: 0, message: reason }];
    const notes = [`taken back by deployment ${result.deployment}`];
    await journal.settle(deployment, { outcome: "reverted", commit, problems, notes });
    void onChanged(changes);
  }
}

function planOf(changes: readonly FileChange[], artifacts: readonly DeployedArtifact[]) {
  return { changes, artifacts, uploadNames: new Map<string, string>() };
}

function unchanged(commit: string): DeployResult {
  return { ...NOBODY_ASKED, kind: "unchanged", deployment: 0, commit, artifacts: [] };
}
