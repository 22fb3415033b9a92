/**
 * Reads and moves refs in this process where git keeps them as files (gitrepository-layout(5)): a deploy on ten workers would
 * otherwise start a dozen processes for a dozen lines. Keeps to git's own protocol, so that git may work beside it: a ref
 * is locked by `REF.lock`, compared, and replaced by renaming the lock. Whatever is not plain is left to git, errors too.
 */
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { systemCodeOf } from "../errors/app-error.ts";
import { syncPath } from "./objects/loose-objects.ts";
import { ANYWHERE, type RefUpdate } from "./ref-names.ts";

const ID = /^([0-9a-f]{40}|[0-9a-f]{64})\n?$/;
/** What makes refs something else than files, or wants a log of them. */
const UNUSUAL = /^\s*(refstorage|logallrefupdates)\b/im;

/** Names that are plain paths below `refs/`; what else git would take, or refuse, is left to it. */
const PLAIN = /^refs(\/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+$/;

interface Locked {
  readonly update: RefUpdate;
  /** Of the ref; the lock is beside it. */
  readonly path: string;
}

export class RefFiles {
  readonly #gitDir: string;

  constructor(gitDir: string) {
    this.#gitDir = gitDir;
  }

  /** Refs by their whole names, in order; those that are not there are left out. Undefined: git must be asked. */
  async read(refs: readonly string[]): Promise<ReadonlyMap<string, string> | undefined> {
    try {
      if (!refs.every(isPlain) || !(await this.#isUsual())) return undefined;
      const found = new Map<string, string>();
      for (const ref of refs.toSorted()) {
        const id = await this.#read(ref);
        if (id !== undefined) found.set(ref, id);
      }
      return found;
    } catch {
      return undefined;
    }
  }

  /**
   * Moves all or none, in the order of `updates`. False: nothing was changed, git must do it, or say why not. Whether the commits
   * are there is the caller's to know. @throws the system's error when it fails half way.
   */
  async move(updates: readonly RefUpdate[]): Promise<boolean> {
    const locked: Locked[] = [];
    try {
      if (!updates.every(({ ref }) => isPlain(ref)) || !(await this.#isUsual())) return false;
      // All at once: each waits for the disk.
      const tried = await Promise.allSettled(updates.map((update) => this.#lock(update)));
      locked.push(...tried.flatMap((one) => (one.status === "fulfilled" ? [one.value] : [])));
      if (locked.length < updates.length) return await giveUp(locked);
      for (const update of updates) if (!(await this.#isThere(update))) return await giveUp(locked);
    } catch {
      return giveUp(locked);
    }
    try {
      for (const one of locked) await commit(one);
    } catch (error) {
      await giveUp(locked);
      throw error;
    }
    await Promise.all([...new Set(locked.map(({ path }) => dirname(path)))].map(syncPath));
    return true;
  }

  /** Whether a locked ref is where it is expected; one that is to go must not be packed. */
  async #isThere({ ref, to, from }: RefUpdate): Promise<boolean> {
    if (from !== ANYWHERE && from !== (await this.#read(ref))) return false;
    return to !== undefined || (await this.#packed(ref)) === undefined;
  }

  async #isUsual(): Promise<boolean> {
    return !UNUSUAL.test(await readFile(join(this.#gitDir, "config"), "utf8"));
  }

  /** @throws Error when somebody else holds the lock, or the name cannot be a file. */
  async #lock(update: RefUpdate): Promise<Locked> {
    const path = join(this.#gitDir, update.ref);
    await mkdir(dirname(path), { recursive: true });
    const file = await open(`${path}.lock`, "wx", 0o644);
    try {
      if (update.to !== undefined) await file.writeFile(`${update.to}\n`);
      await file.sync();
    } catch (error) {
      await rm(`${path}.lock`, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    return { update, path };
  }

  /** @throws Error when it is no plain ref. */
  async #read(ref: string): Promise<string | undefined> {
    const text = await readIfThere(join(this.#gitDir, ref));
    if (text === undefined) return this.#packed(ref);
    const [, id] = ID.exec(text) ?? [];
    if (id === undefined) throw new Error(`${ref} is no plain ref`);
    return id;
  }

  async #packed(ref: string): Promise<string | undefined> {
    const text = (await readIfThere(join(this.#gitDir, "packed-refs"))) ?? "";
    const line = text.split("\n").find((one) => one.endsWith(` ${ref}`));
    return line?.slice(0, line.indexOf(" "));
  }
}

function isPlain(ref: string): boolean {
  return PLAIN.test(ref) && !ref.includes("..") && !ref.endsWith(".lock");
}

async function giveUp(locked: readonly Locked[]): Promise<false> {
  for (const { path } of locked) await rm(`${path}.lock`, { force: true });
  return false;
}

async function commit({ update, path }: Locked): Promise<void> {
  if (update.to !== undefined) {
    await rename(`${path}.lock`, path);
    return;
  }
  await rm(path, { force: true });
  await rm(`${path}.lock`, { force: true });
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "latin1");
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
