/**
 * Reads and writes objects of one repository by id. Loose ones in this process; the rest, many at once, by one
 * `git cat-file --batch` or one `git index-pack`. What is read is checked against its id, so that a damaged
 * repository is noticed here and not by whoever uses what it holds.
 */
import { AppError, messageOf, systemCodeOf } from "../../errors/app-error.ts";
import { runCatFile, runGit } from "../git-process.ts";
import { diskAdvice } from "../unwritable-disk.ts";
import { loosePath, readLoose, syncLoose, writeLoose } from "./loose-objects.ts";
import {
  type GitObject,
  type ObjectKind,
  algorithmOf,
  isObjectKind,
  objectIdOf,
} from "./object-id.ts";
import { formatPack } from "./pack.ts";

/** A commit, a tree or a file that is larger is refused. */
export const OBJECT_BYTES_MAX = 10 * 1024 * 1024;
/** Contents that one command is asked for. */
const PORTION_BYTES = 16 * 1024 * 1024;
/** Loose objects that are read or written at the same moment, and beyond which git does it. */
const LOOSE_MAX = 100;

export class ObjectStore {
  readonly #gitDir: string;

  constructor(gitDir: string) {
    this.#gitDir = gitDir;
  }

  /** One object. @throws AppError DEPLOYMENT_REPOSITORY when it is missing, damaged or larger than OBJECT_BYTES_MAX. */
  async read(id: string): Promise<GitObject> {
    const object = (await this.readAll([id])).get(id);
    if (!object) throw this.#damaged(id, "it is not there");
    return object;
  }

  /** Many objects by id. @throws as `read`. */
  async readAll(ids: Iterable<string>): Promise<ReadonlyMap<string, GitObject>> {
    const found = new Map<string, GitObject>();
    const missing: string[] = [];
    const distinct = [...new Set(ids)];
    const loose = await Promise.all(distinct.slice(0, LOOSE_MAX).map((id) => this.#loose(id)));
    for (const [index, id] of distinct.entries()) {
      const object = loose[index];
      if (object) found.set(id, this.#checked(id, object));
      else missing.push(id);
    }
    if (missing.length > 0) await this.#readPacked(missing, found);
    return found;
  }

  /** What kind of object it is, where it is loose and sound: then it costs nothing to ask. */
  async looseKind(id: string): Promise<ObjectKind | undefined> {
    const object = await this.#loose(id).catch(() => undefined);
    return object && objectIdOf(object, algorithmOf(id)) === id ? object.kind : undefined;
  }

  /** Stores objects, durably. @throws AppError DEPLOYMENT_REPOSITORY when the disk does not take them. */
  write(objects: ReadonlyMap<string, GitObject>): Promise<void> {
    return this.#taking(() =>
      objects.size <= LOOSE_MAX ? writeLoose(this.#gitDir, objects) : this.#writePack(objects),
    );
  }

  /** Stores a few objects that a loss of power may take away until `sync` was called. @throws as `write`. */
  writeLightly(objects: ReadonlyMap<string, GitObject>): Promise<void> {
    return this.#taking(() => writeLoose(this.#gitDir, objects, false));
  }

  /** Makes durable what `writeLightly` has stored. @throws as `write`. */
  sync(ids: Iterable<string>): Promise<void> {
    return this.#taking(() => syncLoose(this.#gitDir, ids));
  }

  async #taking(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw new AppError(
        "DEPLOYMENT_REPOSITORY",
        `the deployment repository ${this.#gitDir} does not take new objects: ${messageOf(error)}${diskAdvice(messageOf(error))}`,
        { cause: error, retryable: true },
      );
    }
  }

  async #writePack(objects: ReadonlyMap<string, GitObject>): Promise<void> {
    const [id = ""] = objects.keys();
    const input = await formatPack([...objects.values()], algorithmOf(id));
    await runGit({ gitDir: this.#gitDir, args: ["index-pack", "--stdin"], input });
  }

  async #loose(id: string): Promise<GitObject | undefined> {
    try {
      return await readLoose(loosePath(this.#gitDir, id), OBJECT_BYTES_MAX);
    } catch (error) {
      if (systemCodeOf(error) === "ERR_BUFFER_TOO_LARGE") throw this.#tooLarge(id);
      throw this.#damaged(id, messageOf(error));
    }
  }

  async #readPacked(ids: readonly string[], found: Map<string, GitObject>): Promise<void> {
    for (const portion of portions(await this.#sizes(ids))) {
      const input = Buffer.from(portion.map((id) => `${id}\n`).join(""));
      const output = await runCatFile({ gitDir: this.#gitDir, args: ["--batch"], input });
      let offset = 0;
      for (const id of portion) {
        const end = output.indexOf(10, offset);
        const [, kind = "", size] = output.toString("latin1", offset, Math.max(end, 0)).split(" ");
        if (!isObjectKind(kind)) throw this.#damaged(id, "it is not there");
        const start = end + 1;
        offset = start + Number(size) + 1;
        // A copy: a slice would keep the whole portion in memory.
        const content = Buffer.from(output.subarray(start, offset - 1));
        found.set(id, this.#checked(id, { kind, content }));
      }
    }
  }

  async #sizes(ids: readonly string[]): Promise<readonly (readonly [string, number])[]> {
    const input = Buffer.from(ids.map((id) => `${id}\n`).join(""));
    const output = await runGit({
      gitDir: this.#gitDir,
      args: ["cat-file", "--batch-check=%(objectname) %(objectsize)"],
      input,
    });
    return output
      .trimEnd()
      .split("\n")
      .map((line, index) => {
        const [id = "", size = ""] = line.split(" ");
        if (!/^\d+$/.test(size)) throw this.#damaged(ids[index] ?? id, "it is not there");
        if (Number(size) > OBJECT_BYTES_MAX) throw this.#tooLarge(id);
        return [id, Number(size)] as const;
      });
  }

  #checked(id: string, object: GitObject): GitObject {
    if (objectIdOf(object, algorithmOf(id)) === id) return object;
    throw this.#damaged(id, "its content does not fit its id");
  }

  #tooLarge(id: string): AppError {
    return new AppError(
      "DEPLOYMENT_REPOSITORY",
      `object ${id} of ${this.#gitDir} takes more than ${OBJECT_BYTES_MAX} bytes, which is not read`,
      { side: "peer" },
    );
  }

  #damaged(id: string, reason: string): AppError {
    return new AppError(
      "DEPLOYMENT_REPOSITORY",
      `object ${id} is missing or damaged in ${this.#gitDir} (${reason}); a mirror is made anew at its next fetch, a repository must be restored`,
      { retryable: true },
    );
  }
}

/** Ids in parts of about PORTION_BYTES. */
function portions(sizes: readonly (readonly [string, number])[]): readonly (readonly string[])[] {
  const parts: string[][] = [];
  let part: string[] = [];
  let bytes = 0;
  for (const [id, size] of sizes) {
    if (part.length === 0 || bytes + size > PORTION_BYTES) {
      part = [];
      parts.push(part);
      bytes = 0;
    }
    part.push(id);
    bytes += size;
  }
  return parts;
}
