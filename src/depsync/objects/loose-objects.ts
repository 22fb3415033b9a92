/**
 * Loose objects of a repository, read and written in this process: what a small fetch has just brought and what a deploy
 * is made of are a handful of them, and a process for each would cost more than the whole deploy. The form is
 * git's (gitrepository-layout(5)): objects/xx/..., zlib over "kind size NUL content".
 */
import { randomBytes } from "node:crypto";
import { access, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { constants, deflate, inflate } from "node:zlib";
import { systemCodeOf } from "../../errors/app-error.ts";
import { type GitObject, isObjectKind } from "./object-id.ts";

const inflateAll = promisify(inflate);
const deflateAll = promisify(deflate);

/** "commit 12345678\0", at most. */
const HEADER_BYTES_MAX = 32;

/** What an id leads to in `objects/`. */
export function loosePath(gitDir: string, id: string): string {
  return join(gitDir, "objects", id.slice(0, 2), id.slice(2));
}

/**
 * The object, or undefined when it is not loose. Not checked against its id.
 * @throws Error when it is damaged or larger than `bytesMax`.
 */
export async function readLoose(path: string, bytesMax: number): Promise<GitObject | undefined> {
  const packed = await readFile(path).catch((error: unknown) => {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error;
  });
  if (!packed) return undefined;
  const raw = await inflateAll(packed, { maxOutputLength: bytesMax + HEADER_BYTES_MAX });
  const end = raw.indexOf(0);
  const [kind = "", size] = raw.toString("latin1", 0, Math.max(end, 0)).split(" ");
  const content = raw.subarray(end + 1);
  if (!isObjectKind(kind) || Number(size) !== content.length) throw new Error("it is corrupt");
  return { kind, content };
}

/**
 * Writes objects by id, durably unless `isDurable` is false; those that are there already stay.
 * @throws Error when the disk does not take them.
 */
export async function writeLoose(
  gitDir: string,
  objects: ReadonlyMap<string, GitObject>,
  isDurable: boolean = true,
): Promise<void> {
  const written: string[] = [];
  await Promise.all(
    [...objects].map(async ([id, object]) => {
      const path = loosePath(gitDir, id);
      if (await isThere(path)) return;
      written.push(path);
      await writeOne(path, object, isDurable);
    }),
  );
  if (isDurable) await syncFolders(gitDir, written);
}

/** Makes objects durable that were written without being so; one that is loose no more is in a pack of git's, which is. */
export async function syncLoose(gitDir: string, ids: Iterable<string>): Promise<void> {
  const paths = [...ids].map((id) => loosePath(gitDir, id));
  const found = await Promise.all(
    paths.map(async (path) => ((await isSynced(path)) ? [path] : [])),
  );
  await syncFolders(gitDir, found.flat());
}

/** A file's name is durable when its folder is, and a new folder's name when the one above is. */
async function syncFolders(gitDir: string, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return;
  const folders = new Set([...paths.map((path) => dirname(path)), join(gitDir, "objects")]);
  await Promise.all([...folders].map(syncPath));
}

/** False: it is not there. */
async function isSynced(path: string): Promise<boolean> {
  try {
    await syncPath(path);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return false;
    throw error;
  }
}

async function writeOne(
  path: string,
  { kind, content }: GitObject,
  isDurable: boolean,
): Promise<void> {
  const raw = Buffer.concat([Buffer.from(`${kind} ${content.length}\0`), content]);
  // What need not last is written by many at once, and packed by git later: disk is cheaper than processors then.
  const level = isDurable ? constants.Z_BEST_SPEED : constants.Z_NO_COMPRESSION;
  const packed = await deflateAll(raw, { level });
  await makeFolder(dirname(path));
  // The name under which git itself writes, so that what a kill leaves is found by whoever tidies up.
  const temporary = join(dirname(path), `tmp_obj_${randomBytes(8).toString("hex")}`);
  try {
    const file = await open(temporary, "wx", 0o444);
    try {
      await file.writeFile(packed);
      if (isDurable) await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** One folder in one that is there: what is recursive says ENOENT of a file system that can only be read. */
async function makeFolder(path: string): Promise<void> {
  await mkdir(path).catch((error: unknown) => {
    if (systemCodeOf(error) !== "EEXIST") throw error;
  });
}

/** Makes a file or a folder durable. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
