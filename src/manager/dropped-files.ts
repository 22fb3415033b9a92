/**
 * Files that people or tools save into repository/deployment/server/ on the manager: the good ones are
 * committed and go live, a faulty one is refused with file, line and reason while everything else keeps running,
 * and a removed file is an undeploy (WSO2's hot deployment, AbstractSynapseArtifactDeployer). A refused file is tried
 * again with each later batch, since what it lacked may have come.
 */
import { createHash } from "node:crypto";
import type { FileChange } from "../depsync/deployment-repository.ts";
import { formatProblem } from "../errors/config-error.ts";
import type { Log } from "../observability/log.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import type { Closable } from "../runtime/lifecycle.ts";
import type { Deployments } from "./deployments.ts";
import type { RefusedChange } from "./file-batch.ts";
import { type Journal, toDeploymentProblem } from "./store/journal.ts";
import { Turnstile } from "./turnstile.ts";

/** The folder as the manager sees it; the composition root adapts what watches it. */
export interface DroppedFilesFolder extends Closable {
  /**
   * Begins to report changes against what the folder and the repository last agreed on, one batch at a time; the next
   * batch waits for the handler, which never rejects. Paths are relative to the folder, with "/".
   */
  start(handler: (batch: readonly FileChange[]) => Promise<void>): Promise<void>;
  /** Makes the same changes in the folder, without reporting them back. */
  bringInLine(changes: readonly FileChange[]): Promise<void>;
}

/** The author of commits of saved files: the operating system knows who it was, we do not. */
export const FILE_AUTHOR = { user: "admin (file)", via: "file" } as const;

/** Refused files that are kept for another try; beyond it the oldest is forgotten until it is saved again. */
const REFUSED_MAX = 500;

/** How long after a failure of the repository the same files are tried again. */
export const FILES_RETRY_MS = 15_000;

/** Batches in line: the folder's own, for each of which it waits, the retry, and the end. */
const BATCHES_MAX = 3;

export interface DroppedFilesOptions {
  readonly deployments: Deployments;
  readonly journal: Journal;
  readonly log: Log;
  readonly clock: Clock;
  /** Puts files back whose removal was refused. Must not reject. */
  readonly restore: (changes: readonly FileChange[]) => Promise<void>;
}

export class DroppedFiles implements Closable {
  readonly #options: DroppedFilesOptions;
  readonly #turnstile = new Turnstile(1, BATCHES_MAX);
  readonly #refused = new Map<
    string,
    { readonly change: FileChange; readonly fingerprint: string }
  >();

  #retry: Timer | undefined;
  #isClosed = false;

  constructor(options: DroppedFilesOptions) {
    this.#options = options;
  }

  /** The handler of the folder. Never rejects: what goes wrong is logged and tried again later. */
  async accept(batch: readonly FileChange[]): Promise<void> {
    try {
      await this.#turnstile.run(() => this.#deploy(batch));
    } catch (error) {
      for (const change of batch) this.#hold(change, "");
      this.#options.log.error("Saved files could not be deployed; they are tried again", { error });
      this.#retry?.cancel();
      if (!this.#isClosed)
        this.#retry = this.#options.clock.after(FILES_RETRY_MS, () => void this.accept([]));
    }
  }

  async #deploy(batch: readonly FileChange[]): Promise<void> {
    const byPath = new Map([...this.#refused].map(([path, { change }]) => [path, change]));
    for (const change of batch) byPath.set(change.path, change);
    const changes = [...byPath.values()];
    if (changes.length === 0) return;
    const { refused, running } = await this.#options.deployments.deployFiles(changes, FILE_AUTHOR);
    await this.#settle(changes, refused);
    const putBack = refused
      .filter(({ change }) => change.content === undefined)
      .map(({ change: { path } }) => ({ path, content: running.get(path)?.content }));
    if (putBack.length > 0) await this.#options.restore(putBack);
  }

  /** Ends the retries and waits for the batch that is under way. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#retry?.cancel();
    return this.#turnstile.run(() => Promise.resolve());
  }

  /** Forgets refused files that were deployed another way since. */
  forget(changes: readonly FileChange[]): void {
    for (const { path } of changes) this.#refused.delete(path);
  }

  async #settle(changes: readonly FileChange[], refused: readonly RefusedChange[]): Promise<void> {
    const known = new Map([...this.#refused].map(([path, { fingerprint }]) => [path, fingerprint]));
    this.forget(changes);
    for (const one of refused) await this.#refuse(one, known.get(one.change.path));
  }

  async #refuse(refusal: RefusedChange, lastFingerprint: string | undefined): Promise<void> {
    const { change } = refusal;
    const fingerprint = fingerprintOf(change);
    if (change.content !== undefined) this.#hold(change, fingerprint);
    if (fingerprint !== lastFingerprint) this.#report(refusal);
    const { journal } = this.#options;
    const isRemoval = change.content === undefined;
    if (!isRemoval && (await journal.hasFingerprint(fingerprint))) return;
    await journal.add({
      who: FILE_AUTHOR.user,
      via: FILE_AUTHOR.via,
      action: isRemoval ? "undeploy" : "deploy",
      artifacts: [{ path: change.path }],
      baseCommit: undefined,
      commit: undefined,
      outcome: "refused",
      problems: refusal.problems.map(toDeploymentProblem),
      ...(isRemoval ? {} : { fingerprint }),
    });
  }

  #report({ change, problems }: RefusedChange): void {
    const { log } = this.#options;
    const { path } = change;
    if (change.content === undefined)
      log.error(`The removal of ${path} is refused and the file put back, since others need it`);
    else log.error(`Deployment of the Synapse Artifact from file : ${path} : Failed!`);
    for (const problem of problems) log.error(formatProblem(problem));
  }

  #hold(change: FileChange, fingerprint: string): void {
    this.#refused.delete(change.path);
    this.#refused.set(change.path, { change, fingerprint });
    const oldest = this.#refused.keys().next().value;
    if (this.#refused.size > REFUSED_MAX && oldest !== undefined) this.#refused.delete(oldest);
  }
}

function fingerprintOf({ path, content }: FileChange): string {
  const hash = createHash("sha256").update(path).update("\0");
  return hash.update(content ?? "(removed)").digest("hex");
}
