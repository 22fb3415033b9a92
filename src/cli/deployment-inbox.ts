/**
 * The manager's deployment folder as an inbox: reports what people save into it as changes, and is brought in line
 * with what was deployed another way. Joins depsync's DeploymentFolder with the manager's DroppedFilesFolder.
 *
 * It compares with what the folder and the manager last agreed on, not with `live`: a deploy through the API
 * that is live but not yet written into the folder must not look like a file that somebody removed. The
 * commit that the folder holds completely is remembered on disk, so that files removed while the manager was down
 * are undeployed, but a folder that was lost as a whole is restored.
 */
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
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

type Handler = (batch: readonly FileChange[]) => Promise<void>;

export class DeploymentInbox implements DroppedFilesFolder {
  readonly #options: DeploymentInboxOptions;
  readonly #folder: DeploymentFolder;
  /** Path → blob id of the folder as the manager knows it. */
  readonly #agreed = new Map<string, string>();
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
    for (const { path, blob } of deployedFiles(live).values()) this.#agreed.set(path, blob);
    if (previous?.commit !== commit) await this.#remember();
  }

  async #look(handler: Handler): Promise<void> {
    const changes = await this.#folder.changes(this.#agreedRevision());
    if (changes.length === 0) return;
    this.#agree(changes);
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

  /** Remembers what is live if the folder has every file of it. What goes wrong costs a look at the next start. */
  async #remember(): Promise<void> {
    const { publisher, log } = this.#options;
    try {
      const live = await publisher.live();
      if (live === undefined) return;
      const files = deployedFiles(await publisher.read(live));
      if ([...files.keys()].some((path) => !this.#agreed.has(path))) return;
      const fresh = `${this.#stateFile}.new`;
      await writeFile(fresh, `${live}\n`);
      await rename(fresh, this.#stateFile);
    } catch (error) {
      log.warn(`What the deployment folder holds could not be remembered: ${messageOf(error)}`);
    }
  }
}
