/**
 * Events of a folder and all folders below it, one watch a folder. Node's own recursive watch reads a whole folder again at each
 * event on Linux, which with ten thousand files costs more than the deploy that has caused the event. Events are hints: whoever
 * needs certainty looks by itself. Used by deployment-folder.ts.
 */
import { type FSWatcher, lstatSync, readdirSync, watch } from "node:fs";
import { join } from "node:path";

/** Folders that are watched; what is in further ones is found by regular looks. */
const FOLDERS_MAX = 2_000;

export interface FolderTreeEvents {
  /** With "/", relative to the folder; undefined: the system did not say. */
  readonly onEvent: (path: string | undefined) => void;
  /** The folder cannot be watched (any more). */
  readonly onError: (error: unknown) => void;
}

export class FolderTreeWatch {
  readonly #root: string;
  readonly #events: FolderTreeEvents;
  /** By relative path; "" is the folder itself. */
  readonly #watchers = new Map<string, FSWatcher>();

  /** @throws the system's error when the folder cannot be watched. */
  constructor(root: string, events: FolderTreeEvents) {
    this.#root = root;
    this.#events = events;
    this.#add("");
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #add(folder: string): void {
    if (this.#watchers.size >= FOLDERS_MAX) return;
    const full = join(this.#root, folder);
    const watcher = watch(full, { persistent: false }, (event, name) =>
      this.#heard(folder, event, name),
    );
    watcher.on("error", (error) => {
      this.#drop(folder);
      if (folder === "") this.#events.onError(error);
    });
    this.#watchers.set(folder, watcher);
    for (const entry of readdirSync(full, { withFileTypes: true }))
      if (entry.isDirectory()) this.#tryAdd(pathOf(folder, entry.name));
  }

  /** A folder that has gone again, or may not be read, is not watched. */
  #tryAdd(folder: string): void {
    try {
      this.#add(folder);
    } catch {
      this.#drop(folder);
    }
  }

  #heard(folder: string, event: string, name: string | null): void {
    const path = name === null ? undefined : pathOf(folder, name);
    if (event === "rename" && path !== undefined) this.#follow(path);
    this.#events.onEvent(path);
  }

  /** Something has come or gone: a folder of that name is another one than before. */
  #follow(path: string): void {
    this.#drop(path);
    if (this.#isFolder(path)) this.#tryAdd(path);
  }

  #isFolder(path: string): boolean {
    try {
      return lstatSync(join(this.#root, path)).isDirectory();
    } catch {
      return false;
    }
  }

  /** With all below. */
  #drop(folder: string): void {
    if (!this.#watchers.has(folder)) return;
    for (const [path, watcher] of this.#watchers) {
      if (path !== folder && folder !== "" && !path.startsWith(`${folder}/`)) continue;
      watcher.close();
      this.#watchers.delete(path);
    }
  }
}

function pathOf(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}
