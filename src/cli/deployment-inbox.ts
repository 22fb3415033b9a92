/**
 * The manager's deployment folder as an inbox: reports what people save into it as changes, and is brought in line
 * with what was deployed another way. Joins depsync's DeploymentFolder with the manager's DroppedFilesFolder.
 *
 * It compares with what the folder and the manager last agreed on, not with `live`: a deploy through the API
 * that is live but not yet written into the folder must not look like a file that somebody removed. The
 * commit that the folder holds completely is remembered on disk, so that files removed while the manager was down
 * are undeployed, but a folder that was lost as a whole is restored. A manager that was killed has not written what it
 * deployed last: a file as an earlier deploy since that commit left it is nobody's edit.
 */
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeployedPath } from "../depsync/deployment-files.ts";
import { DeploymentFolder } from "../depsync/deployment-folder.ts";
import type {
  DeploymentPublisher,
  FileChange,
  Revision,
} from "../depsync/deployment-repository.ts";
import { deployedFiles } from "../depsync/folder-writing.ts";
import { blobIdOf } from "../depsync/git-blobs.ts";
import { messageOf } from "../errors/app-error.ts";
import type { DroppedFilesFolder } from "../manager/dropped-files.ts";
import type { Log } from "../observability/log.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import type { Closable } from "../runtime/lifecycle.ts";

export interface DeploymentInboxOptions {
  /** repository/deployment/server/. Absolute. */
  readonly folder: string;
  /** Where the remembered commit is kept; the folder must exist. Absolute. */
  readonly stateFolder: string;
  readonly publisher: DeploymentPublisher;
  readonly log: Log;
  readonly clock: Clock;
  /** Between two looks for what the file system's events miss: DeploymentUpdateInterval. */
  readonly intervalMs: number;
}

/** The commit is remembered so long after the last change: several deploys cause one look. */
const REMEMBER_AFTER_MS = 1_000;
/** Deploys after the remembered commit that are looked through at a start; it is mostly a second old. */
const OVERTAKEN_COMMITS_MAX = 200;

type Handler = (batch: readonly FileChange[]) => Promise<void>;

export class DeploymentInbox implements DroppedFilesFolder {
  readonly #options: DeploymentInboxOptions;
  readonly #folder: DeploymentFolder;
  /** Path → blob id of the folder as the manager knows it. */
  readonly #agreed = new Map<string, string>();
  /** Paths of `#agreed` that somebody has saved or removed, and that may have been refused. */
  readonly #saved = new Set<string>();
  #watching: Closable | undefined;
  #remembering: Timer | undefined;

  constructor(options: DeploymentInboxOptions) {
    this.#options = options;
    const { folder, clock } = options;
    this.#folder = new DeploymentFolder({
      folder,
      log: options.log.child("DeploymentFolder"),
      clock,
    });
  }

  async start(handler: Handler): Promise<void> {
    await this.#bringForward();
    await this.#look(handler);
    this.#watching = await this.#folder.watch(() => this.#look(handler), this.#options.intervalMs);
  }

  async bringInLine(changes: readonly FileChange[]): Promise<void> {
    await this.#folder.writeChanges(changes, this.#agreed);
    this.#agree(changes);
    for (const { path } of changes) this.#saved.delete(path);
    this.#rememberSoon();
  }

  async close(): Promise<void> {
    await this.#watching?.close();
    if (!this.#remembering) return;
    this.#remembering.cancel();
    await this.#remember();
  }

  /** At start: what was deployed since the folder was last complete is written into it; edits of people stay. */
  async #bringForward(): Promise<void> {
    const { publisher } = this.#options;
    const commit = await publisher.live();
    if (commit === undefined) return;
    const live = await publisher.read(commit);
    const previous = await this.#lastComplete();
    const isLost = previous !== undefined && (await this.#folder.scan()).files.size === 0;
    if (isLost && deployedFiles(previous).size > 0) {
      this.#options.log.warn(
        `${this.#options.folder} is empty; it is restored from the deployment repository`,
      );
    }
    await this.#folder.writeRevision(live, isLost ? undefined : previous);
    if (previous && !isLost) await this.#replaceOvertaken(previous.commit, live);
    for (const { path, blob } of deployedFiles(live).values()) this.#agreed.set(path, blob);
    if (previous?.commit !== commit) await this.#remember();
  }

  /** What is as a deploy between the two commits left it is brought to `live` as well. */
  async #replaceOvertaken(previous: string, live: Revision): Promise<void> {
    const differing = await this.#folder.changes(live);
    if (differing.length === 0 || previous === live.commit) return;
    const commits = await this.#options.publisher.log(previous, live.commit, OVERTAKEN_COMMITS_MAX);
    const wanted = deployedFiles(live);
    const changes: FileChange[] = [];
    const known = new Map<string, string>();
    for (const { path, content } of differing) {
      const here = content && blobIdOf(content);
      if (!(await this.#wasDeployed(path, here, commits))) continue;
      changes.push({ path, content: wanted.get(path)?.content });
      if (here !== undefined) known.set(path, here);
    }
    await this.#folder.writeChanges(changes, known);
  }

  /** @param blob undefined: the file was undeployed. */
  async #wasDeployed(
    path: string,
    blob: string | undefined,
    commits: readonly { readonly commit: string }[],
  ): Promise<boolean> {
    for (const { commit } of commits)
      if ((await this.#options.publisher.fileAt(commit, path))?.blob === blob) return true;
    return false;
  }

  async #look(handler: Handler): Promise<void> {
    const changes = await this.#folder.changes(this.#agreedRevision());
    if (changes.length === 0) return;
    this.#agree(changes);
    for (const { path } of changes) this.#saved.add(path);
    await handler(changes);
    this.#rememberSoon();
  }

  #agree(changes: readonly FileChange[]): void {
    for (const { path, content } of changes) {
      if (content) this.#agreed.set(path, blobIdOf(content));
      else this.#agreed.delete(path);
    }
  }

  /** What was agreed on, as a revision without contents. */
  #agreedRevision(): Revision {
    const content = Buffer.alloc(0);
    const files = [...this.#agreed].map(([path, blob]) => ({ path, blob, content }));
    return { commit: "", files };
  }

  get #stateFile(): string {
    return join(this.#options.stateFolder, "inbox-commit");
  }

  /** The newest commit that the folder held completely; undefined on a first start. */
  async #lastComplete(): Promise<Revision | undefined> {
    try {
      const commit = (await readFile(this.#stateFile, "utf8")).trim();
      return await this.#options.publisher.read(commit);
    } catch {
      return undefined;
    }
  }

  #rememberSoon(): void {
    this.#remembering?.cancel();
    this.#remembering = this.#options.clock.after(REMEMBER_AFTER_MS, () => {
      this.#remembering = undefined;
      void this.#remember();
    });
  }

  /** Whether the folder has these files and no others; what somebody has saved may differ, for it may be refused. */
  #holds(files: ReadonlyMap<string, { readonly blob: string }>): boolean {
    for (const [path, { blob }] of files) {
      const agreed = this.#agreed.get(path);
      if (agreed === blob) this.#saved.delete(path);
      else if (agreed === undefined || !this.#saved.has(path)) return false;
    }
    const added = [...this.#agreed.keys()].filter(
      (path) => isDeployedPath(path) && !files.has(path),
    );
    return added.every((path) => this.#saved.has(path));
  }

  /** Remembers what is live if the folder has every file of it. What goes wrong costs a look at the next start. */
  async #remember(): Promise<void> {
    const { publisher, log } = this.#options;
    try {
      const live = await publisher.live();
      if (live === undefined) return;
      const files = deployedFiles(await publisher.read(live));
      if (!this.#holds(files)) return;
      const fresh = `${this.#stateFile}.new`;
      await writeFile(fresh, `${live}\n`);
      await rename(fresh, this.#stateFile);
    } catch (error) {
      log.warn(`What the deployment folder holds could not be remembered: ${messageOf(error)}`);
    }
  }
}
