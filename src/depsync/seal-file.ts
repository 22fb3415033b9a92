/**
 * The newest seal that a node has made or followed, in a file beside its copy of the deployment repository: whoever writes
 * the repository cannot reach it, and a copy that is made anew does not lose it. Replaced at once and durably.
 */
import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { systemCodeOf } from "../errors/app-error.ts";
import { syncPath } from "./objects/loose-objects.ts";
import type { GitObject } from "./objects/object-id.ts";

/** A seal takes less than one kilobyte. */
const BYTES_MAX = 16 * 1024;

/** Where the seal of a copy is kept. */
export function sealFileOf(gitDir: string): string {
  return `${gitDir}.seal`;
}

/** The object as it was written; undefined: there is none, or none of that size. Who has signed it is for the caller to ask. */
export async function readSealFile(file: string): Promise<GitObject | undefined> {
  try {
    const content = await readFile(file);
    return content.length > BYTES_MAX ? undefined : { kind: "commit", content };
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** @throws the file system's error; the old file stays. */
export async function writeSealFile(file: string, { content }: GitObject): Promise<void> {
  const fresh = `${file}.${process.pid}`;
  await rm(fresh, { force: true });
  try {
    await writeDurably(fresh, content);
    await rename(fresh, file);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
  await syncPath(dirname(file));
}

async function writeDurably(file: string, content: Buffer): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
