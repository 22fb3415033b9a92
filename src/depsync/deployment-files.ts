/**
 * Looks through synapse-configs/**, registry/** and carbonapps/** of a manager's deployment folder: which files there are and what is in
 * them, as git's blob ids. Dot files, backups and editors' leftovers are passed over; links, special files, hostile
 * names and oversized files are refused, with a sentence each. Unchanged files are not read again.
 */
import {
  type Stats,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
} from "node:fs";
import { type FileHandle, lstat, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { AppError, messageOf, systemCodeOf } from "../errors/app-error.ts";
import { blobIdOf } from "./git-blobs.ts";
import { FILES_MAX, FILE_BYTES_MAX } from "./tree-limits.ts";
import { pathFault } from "./repository-path.ts";

/** The parts of the folder that are deployed: artifacts, the registry resources that they refer to, and applications (.car). */
const DEPLOYED_FOLDERS: readonly string[] = ["synapse-configs", "registry", "carbonapps"];
/** Those that are made by whoever wants to change what is in them. */
const OPTIONAL_FOLDERS: readonly string[] = ["registry", "carbonapps"];
/** Folders below each other, at most. */
const DEPTH_MAX = 16;
/** Files looked at before others have their turn: a wait for each of ten thousand costs ten times what the looks do. */
const PORTION = 250;
/** A file up to this size is read without letting others have their turn. */
const SMALL_BYTES = 64 * 1024;
/** Neither follows a link nor waits at a pipe that was put there meanwhile. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export interface FolderFile {
  /** With "/", relative to the deployment folder; the same as in the repository. */
  readonly path: string;
  /** git's blob id of the content. */
  readonly blob: string;
}

export interface FolderScan {
  /** By path, in order. */
  readonly files: ReadonlyMap<string, FolderFile>;
  /** What was refused: path → the sentence for people. */
  readonly refused: ReadonlyMap<string, string>;
  /** Which of registry/ and carbonapps/ are not there. What the repository has in them stays then. */
  readonly missingFolders: readonly string[];
}

interface Known {
  readonly fingerprint: string;
  readonly blob: string;
}

/** Whether a path belongs to what is deployed, by its names alone. */
export function isDeployedPath(path: string): boolean {
  const [top, ...rest] = path.split("/");
  if (top === "carbonapps" && !/^[^/]+\.car$/.test(rest.join("/"))) return false;
  return DEPLOYED_FOLDERS.includes(top ?? "") && rest.length > 0 && !rest.some(isPassedOver);
}

/** Dot files, what editors leave (~), and backups of people (.bak) and of WSO2 (.back, .bk). */
function isPassedOver(name: string): boolean {
  return /^[.~]|~$|\.(bak|back|bk|swp|tmp)$/i.test(name);
}

export class DeploymentFiles {
  readonly #folder: string;
  #known: ReadonlyMap<string, Known> = new Map();

  /** `folder` is repository/deployment/server, absolute. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws AppError DEPLOYMENT_REPOSITORY when the folder cannot be read or holds more than FILES_MAX files. */
  async scan(): Promise<FolderScan> {
    const missingFolders = OPTIONAL_FOLDERS.filter((one) => !existsSync(join(this.#folder, one)));
    const files = new Map<string, FolderFile>();
    const run = { files, refused: new Map<string, string>(), missingFolders };
    const known = new Map<string, Known>();
    for (const [index, path] of (await this.#listAll(run.refused)).entries()) {
      if (index % PORTION === PORTION - 1) await turn();
      const found = await this.#examine(path, run.refused);
      if (!found) continue;
      known.set(path, found);
      run.files.set(path, { path, blob: found.blob });
      if (run.files.size > FILES_MAX) {
        throw unreadable(this.#folder, `it holds more than ${FILES_MAX} files`);
      }
    }
    this.#known = known;
    return run;
  }

  /** One file as it is now; undefined: it is not there, or refused. */
  async look(path: string): Promise<FolderFile | undefined> {
    const found = await this.#examine(path, new Map());
    return found && { path, blob: found.blob };
  }

  /** The content of a file, or undefined when it is gone or no plain file of allowed size any more. */
  async read(path: string): Promise<Buffer | undefined> {
    const opened = await this.#open(path);
    if (!opened) return undefined;
    try {
      const stats = await opened.stat();
      if (!stats.isFile() || stats.size > FILE_BYTES_MAX) return undefined;
      const content = await opened.readFile();
      return content.length > FILE_BYTES_MAX ? undefined : content;
    } finally {
      await opened.close();
    }
  }

  async #listAll(refused: Map<string, string>): Promise<readonly string[]> {
    const lists = DEPLOYED_FOLDERS.map((folder) => this.#list(folder, refused, 0));
    return (await Promise.all(lists)).flat().filter(isDeployedPath);
  }

  async #list(
    folder: string,
    refused: Map<string, string>,
    depth: number,
  ): Promise<readonly string[]> {
    const paths: string[] = [];
    for (const entry of await this.#entries(folder)) {
      const path = `${folder}/${entry.name}`;
      if (isPassedOver(entry.name)) continue;
      const fault = pathFault(path);
      if (fault !== undefined) refused.set(path, `${JSON.stringify(path)} ${fault}`);
      else if (entry.isFile()) paths.push(path);
      else if (!entry.isDirectory()) refused.set(path, `${path} is a link or a special file`);
      else if (depth >= DEPTH_MAX) refused.set(path, `${path} lies too deep`);
      else paths.push(...(await this.#list(path, refused, depth + 1)));
    }
    return paths.toSorted();
  }

  async #entries(folder: string) {
    const full = join(this.#folder, folder);
    try {
      // The top itself must not be a link either.
      if ((await lstat(full)).isSymbolicLink()) throw unreadable(full, "it is a link");
      return await readdir(full, { withFileTypes: true });
    } catch (error) {
      if (systemCodeOf(error) === "ENOENT") return [];
      throw error instanceof AppError ? error : unreadable(full, messageOf(error));
    }
  }

  async #examine(path: string, refused: Map<string, string>): Promise<Known | undefined> {
    const stats = statsOf(join(this.#folder, path));
    if (!stats?.isFile()) return undefined;
    if (stats.size > FILE_BYTES_MAX) {
      refused.set(path, `${path} is larger than ${FILE_BYTES_MAX} bytes`);
      return undefined;
    }
    const fingerprint = fingerprintOf(stats);
    const known = this.#known.get(path);
    if (known?.fingerprint === fingerprint) return known;
    const small = stats.size <= SMALL_BYTES ? this.#readSmall(path) : undefined;
    const content = small ?? (await this.read(path));
    return content && { fingerprint, blob: blobIdOf(content) };
  }

  /** As `read`, without four waits, which take many times what reading a small file does. Undefined: it is to be read as any other. */
  #readSmall(path: string): Buffer | undefined {
    let descriptor: number | undefined;
    try {
      descriptor = openSync(join(this.#folder, path), OPEN_FLAGS);
      const stats = fstatSync(descriptor);
      return stats.isFile() && stats.size <= SMALL_BYTES ? readFileSync(descriptor) : undefined;
    } catch {
      return undefined;
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }

  async #open(path: string): Promise<FileHandle | undefined> {
    try {
      return await open(join(this.#folder, path), OPEN_FLAGS);
    } catch (error) {
      if (["ENOENT", "ELOOP", "ENOTDIR", "ENXIO"].includes(systemCodeOf(error) ?? "")) {
        return undefined;
      }
      throw unreadable(join(this.#folder, path), messageOf(error));
    }
  }
}

function fingerprintOf(stats: Stats): string {
  return [stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs].join();
}

function unreadable(path: string, reason: string): AppError {
  return new AppError("DEPLOYMENT_REPOSITORY", `${path} cannot be deployed from: ${reason}`, {
    side: "config",
  });
}

/** Undefined: it is not there, or not to be looked at. */
function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
