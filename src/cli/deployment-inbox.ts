/**
 * The manager's deployment folder as an inbox: reports what people save into it as changes, and is brought in line
 * with what was deployed another way. Joins depsync's DeploymentFolder with the manager's DroppedFilesFolder.
 *
 * It compares with what the folder and the manager last agreed on, not with `main`: a deploy through the API
 * that is committed but not yet written into the folder must not look like a file that somebody removed. The
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
import type { DroppedFilesFolder } from "../manager/dropped-files.ts";
import type { Log } from "../observability/log.ts";
import type { Clock } from "../runtime/clock.ts";
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

type Handler = (batch: readonly FileChange[]) => Promise<void>;

export class DeploymentInbox implements DroppedFilesFolder {
  readonly #options: DeploymentInboxOptions;
  readonly #folder: DeploymentFolder;
  /** Path → blob id of the folder as the manager knows it. */
  readonly #agreed = new Map<string, string>();
  #watching: Closable | undefined;

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
    const written = changes.filter(({ content }) => content !== undefined);
    const removed = changes.filter(({ content }) => content === undefined);
    await this.#folder.writeRevision(pseudoRevision(written), undefined);
    await this.#folder.writeRevision(pseudoRevision([]), this.#agreedRevision(removed));
    this.#agree(changes);
    await this.#remember();
  }

  async close(): Promise<void> {
    await this.#watching?.close();
  }

  /** At start: what was deployed since the folder was last complete is written into it; edits of people stay. */
  async #bringForward(): Promise<void> {
    const { publisher } = this.#options;
    const head = await publisher.head();
    if (head === undefined) return;
    const main = await publisher.read(head);
    const previous = await this.#lastComplete();
    const isLost = previous !== undefined && (await this.#folder.scan()).files.size === 0;
    if (isLost && deployedFiles(previous).size > 0) {
      this.#options.log.warn(
        `${this.#options.folder} is empty; it is restored from the deployment repository`,
      );
    }
    await this.#folder.writeRevision(main, isLost ? undefined : previous);
    for (const { path, blob } of deployedFiles(main).values()) this.#agreed.set(path, blob);
    if (previous?.commit !== head) await this.#remember();
  }

  async #look(handler: Handler): Promise<void> {
    const changes = await this.#folder.changes(this.#agreedRevision());
    if (changes.length === 0) return;
    this.#agree(changes);
    await handler(changes);
    await this.#remember();
  }

  #agree(changes: readonly FileChange[]): void {
    for (const { path, content } of changes) {
      if (content) this.#agreed.set(path, blobIdOf(content));
      else this.#agreed.delete(path);
    }
  }

  /** What was agreed on, as a revision without contents; all of it, or the files of some changes. */
  #agreedRevision(only?: readonly FileChange[]): Revision {
    const paths = only?.map(({ path }) => path) ?? [...this.#agreed.keys()];
    const files = paths.flatMap((path) => {
      const blob = this.#agreed.get(path);
      return blob === undefined ? [] : [{ path, blob, content: Buffer.alloc(0) }];
    });
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

  /** Remembers the head of `main` if no file of it is missing here. */
  async #remember(): Promise<void> {
    const { publisher } = this.#options;
    const head = await publisher.head();
    if (head === undefined) return;
    const missing = await this.#folder.changes(await publisher.read(head));
    if (missing.some(({ content }) => content === undefined)) return;
    const fresh = `${this.#stateFile}.new`;
    await writeFile(fresh, `${head}\n`);
    await rename(fresh, this.#stateFile);
  }
}

function pseudoRevision(changes: readonly FileChange[]): Revision {
  const files = changes.flatMap(({ path, content }) =>
    content ? [{ path, blob: blobIdOf(content), content }] : [],
  );
  return { commit: "", files };
}
