/** Brings the deployment folder in line with what was deployed another way, one change after the other, after the deploy has been answered. */
import { messageOf } from "../errors/app-error.ts";
import type { FileChange } from "../depsync/deployment-repository.ts";
import type { Log } from "../observability/log.ts";
import type { Closable } from "../runtime/lifecycle.ts";
import type { DroppedFilesFolder } from "./dropped-files.ts";

export class FolderQueue implements Closable {
  readonly #folder: Pick<DroppedFilesFolder, "bringInLine"> | undefined;
  readonly #log: Log;
  #last: Promise<void> = Promise.resolve();

  /** `folder` undefined: there is none to bring in line. */
  constructor(folder: Pick<DroppedFilesFolder, "bringInLine"> | undefined, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  /** Never rejects. */
  bringInLine(changes: readonly FileChange[]): Promise<void> {
    this.#last = this.#last.then(() => this.#write(changes));
    return this.#last;
  }

  /** Resolves when what was asked for is written. */
  close(): Promise<void> {
    return this.#last;
  }

  async #write(changes: readonly FileChange[]): Promise<void> {
    try {
      await this.#folder?.bringInLine(changes);
    } catch (error) {
      this.#log.warn(`The deployment folder could not be brought in line: ${messageOf(error)}`);
    }
  }
}
