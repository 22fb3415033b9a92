/**
 * A manager's repository/deployment/server folder, where admins may drop and edit artifact files as they did
 * with WSO2. Tells when its content has changed, what differs from a revision, and takes over revisions
 * that came another way (API, console), without taking its own writing for somebody's change.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../errors/app-error.ts";
import type { Log } from "../observability/log.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import type { Closable } from "../runtime/lifecycle.ts";
import {
  DeploymentFiles,
  type FolderFile,
  type FolderScan,
  isDeployedPath,
} from "./deployment-files.ts";
import type { FileChange, Revision } from "./deployment-repository.ts";
import { blobIdOf } from "./git-blobs.ts";
import {
  applySteps,
  deployedFiles,
  isRefused,
  planWriting,
  temporaryOf,
  type WritingStep,
} from "./folder-writing.ts";
import { FolderTreeWatch } from "./folder-tree-watch.ts";
import { WriteQueue } from "./write-queue.ts";

/** After the last event of the file system so long is waited: copying many files is one change. */
const CALM_MS = 300;
/** Refusals that were logged are remembered, so that each is logged once; all are forgotten beyond it. */
const LOGGED_MAX = 1000;
/** Events of the file system about what this object has written are its own so long after. */
const OWN_EVENT_MS = 2_000;
/** Files of a revision that are written at the same moment: each waits for the disk. */
const WRITES_AT_ONCE = 32;
/** Own writes that are remembered; beyond it they cause a look, which finds nothing. */
const OWN_WRITES_MAX = 1000;

export interface DeploymentFolderOptions {
  /** Absolute; made when absent. */
  readonly folder: string;
  readonly log: Log;
  readonly clock: Clock;
}

/** What `writeRevision` did, as paths. */
export interface WrittenRevision {
  readonly written: readonly string[];
  readonly removed: readonly string[];
  /** Left alone, because somebody has edited them meanwhile: the next `changes` reports them. */
  readonly kept: readonly string[];
}

export class DeploymentFolder {
  readonly #options: DeploymentFolderOptions;
  readonly #files: DeploymentFiles;
  readonly #work = new WriteQueue();
  readonly #logged = new Set<string>();
  /** The content that was reported, or written by this object; undefined: report at the next look. */
  #settled: Map<string, FolderFile> | undefined;
  /** Path → when it was written by this object, by the clock. */
  readonly #ownWrites = new Map<string, number>();
  #looking = false;
  #lookAgain = false;

  constructor(options: DeploymentFolderOptions) {
    this.#options = options;
    this.#files = new DeploymentFiles(options.folder);
  }

  /** Looks through the folder. Refused files are logged once each. @throws AppError DEPLOYMENT_REPOSITORY. */
  async scan(): Promise<FolderScan> {
    const scan = await this.#files.scan();
    for (const [path, sentence] of scan.refused) this.#logRefused(path, sentence);
    return scan;
  }

  /**
   * What must change in a revision to become like the folder. Refused files count as unchanged.
   * Undefined: there is no revision yet, everything is new.
   */
  async changes(revision: Revision | undefined): Promise<readonly FileChange[]> {
    const scan = await this.scan();
    const before = deployedFiles(revision);
    const changes: FileChange[] = [];
    for (const { path, blob } of scan.files.values()) {
      if (before.get(path)?.blob === blob) continue;
      const content = await this.#files.read(path);
      if (content) changes.push({ path, content });
    }
    for (const path of before.keys()) {
      const isLeftOut = scan.missingFolders.some((folder) => path.startsWith(`${folder}/`));
      if (!scan.files.has(path) && !isRefused(scan, path) && !isLeftOut)
        changes.push({ path, content: undefined });
    }
    return changes;
  }

  /**
   * Brings the folder from one revision to another, each file atomically. Files that are like neither are
   * somebody's unfinished work and stay. `previous` undefined: nothing is removed, other content is replaced.
   * @throws AppError DEPLOYMENT_REPOSITORY when a file cannot be written.
   */
  writeRevision(revision: Revision, previous: Revision | undefined): Promise<WrittenRevision> {
    return this.#work.run(async () => {
      const scan = await this.scan();
      const result = { written: [] as string[], removed: [] as string[], kept: [] as string[] };
      const steps = planWriting(scan, deployedFiles(revision), previous);
      for (const step of steps) result[step.kind].push(step.path);
      for (let start = 0; start < steps.length; start += WRITES_AT_ONCE)
        await this.#write(steps.slice(start, start + WRITES_AT_ONCE));
      return result;
    });
  }

  /**
   * Makes some changes and looks at no other file. What replaces a file does so whatever is in it; one that is removed must be
   * as `known` (path → blob id) says, or somebody has edited it and it stays.
   * @throws AppError DEPLOYMENT_REPOSITORY when a file cannot be written.
   */
  writeChanges(changes: readonly FileChange[], known: ReadonlyMap<string, string>): Promise<void> {
    return this.#work.run(async () => {
      for (const { path, content } of changes) {
        if (!isDeployedPath(path)) continue;
        const here = (await this.#files.look(path))?.blob;
        if (content && here !== blobIdOf(content))
          await this.#write([{ kind: "written", path, content }]);
        if (!content && here !== undefined && here === known.get(path))
          await this.#write([{ kind: "removed", path }]);
      }
    });
  }

  /**
   * Calls `onChange` now, and whenever the folder's content has changed since it last succeeded: after events of
   * the file system, and every `intervalMs` for what these miss. A call that rejects is repeated.
   */
  async watch(onChange: () => Promise<void>, intervalMs: number): Promise<Closable> {
    const { folder, clock, log } = this.#options;
    await mkdir(join(folder, "synapse-configs"), { recursive: true });
    const look = () => void this.#look(onChange);
    let calm: Timer | undefined;
    const watcher = startWatcher(folder, log, (path) => {
      if (path !== undefined && this.#isOwnWrite(path)) return;
      calm?.cancel();
      calm = clock.after(CALM_MS, look);
    });
    const timer = clock.every(intervalMs, look);
    this.#settled = undefined;
    look();
    return {
      close: async () => {
        calm?.cancel();
        timer.cancel();
        watcher?.close();
        await this.#work.run(() => Promise.resolve());
      },
    };
  }

  /** One look at a time; events during one cause one more. */
  async #look(onChange: () => Promise<void>): Promise<void> {
    this.#lookAgain = true;
    if (this.#looking) return;
    this.#looking = true;
    try {
      while (this.#lookAgain) {
        this.#lookAgain = false;
        await this.#lookOnce(onChange);
      }
    } catch (error) {
      this.#options.log.warn(
        `the deployment folder ${this.#options.folder} was not taken over and is looked at again: ${messageOf(error)}`,
      );
    } finally {
      this.#looking = false;
    }
  }

  async #lookOnce(onChange: () => Promise<void>): Promise<void> {
    const { files } = await this.#work.run(() => this.scan());
    if (this.#settled && isSame(files, this.#settled)) return;
    await onChange();
    this.#settled = new Map(files);
  }

  /** What is settled is computed, not looked up: what somebody else writes at this moment must still be noticed. */
  async #write(steps: readonly WritingStep[]): Promise<void> {
    const nowMs = this.#options.clock.monotonicMs();
    for (const { path } of steps)
      for (const own of [path, temporaryOf(path)]) this.#ownWrites.set(own, nowMs);
    await applySteps(this.#options.folder, steps);
    for (const step of steps) {
      const { path } = step;
      if (step.kind === "removed") this.#settled?.delete(path);
      if (step.kind === "written") this.#settled?.set(path, { path, blob: blobIdOf(step.content) });
    }
  }

  #isOwnWrite(path: string): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#ownWrites.size > OWN_WRITES_MAX) this.#ownWrites.clear();
    const writtenMs = this.#ownWrites.get(path);
    return writtenMs !== undefined && nowMs - writtenMs < OWN_EVENT_MS;
  }

  #logRefused(path: string, sentence: string): void {
    if (this.#logged.has(path)) return;
    if (this.#logged.size >= LOGGED_MAX) this.#logged.clear();
    this.#logged.add(path);
    this.#options.log.warn(`not deployed: ${sentence}`);
  }
}

function isSame(
  left: ReadonlyMap<string, FolderFile>,
  right: ReadonlyMap<string, FolderFile>,
): boolean {
  if (left.size !== right.size) return false;
  for (const [path, { blob }] of left) if (right.get(path)?.blob !== blob) return false;
  return true;
}

/** Without events (too many folders to watch, for example) the regular look remains. */
function startWatcher(
  folder: string,
  log: Log,
  onEvent: (path: string | undefined) => void,
): FolderTreeWatch | undefined {
  const onError = (error: unknown) =>
    log.warn(`${folder} is not watched, only looked at regularly: ${messageOf(error)}`);
  try {
    return new FolderTreeWatch(folder, { onEvent, onError });
  } catch (error) {
    onError(error);
    return undefined;
  }
}
