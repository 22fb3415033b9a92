/**
 * Reads contents of blobs, many in one `git cat-file --batch`. Contents are checked against their ids, so a
 * damaged repository is noticed here and not by whoever compiles what it holds.
 */
import { createHash } from "node:crypto";
import { AppError } from "../errors/app-error.ts";
import { runCatFile } from "./git-process.ts";
import type { TreeEntry } from "./objects/folder.ts";

/** Contents that one command is asked for, in bytes. */
const PORTION_BYTES = 16 * 1024 * 1024;

/** git's id of a content: SHA-1, or SHA-256 in repositories of that format. */
export function blobIdOf(content: Buffer, algorithm: "sha1" | "sha256" = "sha1"): string {
  return createHash(algorithm).update(`blob ${content.length}\0`).update(content).digest("hex");
}

/** The contents of the entries, by blob id. @throws AppError DEPLOYMENT_REPOSITORY when one is missing or damaged. */
export async function readBlobs(
  gitDir: string,
  entries: readonly TreeEntry[],
): Promise<ReadonlyMap<string, Buffer>> {
  const contents = new Map<string, Buffer>();
  for (const portion of portions(entries)) {
    const input = Buffer.from(portion.map((entry) => `${entry.blob}\n`).join(""));
    const output = await runCatFile({ gitDir, args: ["--batch"], input });
    let offset = 0;
    for (const { blob, bytes } of portion) {
      const start = offset + Buffer.byteLength(`${blob} blob ${bytes}\n`);
      const content = output.subarray(start, start + bytes);
      if (blobIdOf(content, blob.length === 64 ? "sha256" : "sha1") !== blob) {
        throw damaged(gitDir, blob);
      }
      // A copy: a slice would keep the whole portion in memory.
      contents.set(blob, Buffer.from(content));
      offset = start + bytes + 1;
    }
  }
  return contents;
}

/** Distinct blobs in parts of about PORTION_BYTES. */
function portions(entries: readonly TreeEntry[]): readonly (readonly TreeEntry[])[] {
  const distinct = new Map(entries.map((entry) => [entry.blob, entry])).values();
  const parts: TreeEntry[][] = [];
  let part: TreeEntry[] = [];
  let bytes = 0;
  for (const entry of distinct) {
    if (part.length === 0 || bytes + entry.bytes > PORTION_BYTES) {
      part = [];
      parts.push(part);
      bytes = 0;
    }
    part.push(entry);
    bytes += entry.bytes;
  }
  return parts;
}

function damaged(gitDir: string, blob: string): AppError {
  return new AppError(
    "DEPLOYMENT_REPOSITORY",
    `blob ${blob} is missing or damaged in ${gitDir}; a mirror is made anew at its next fetch, a repository must be restored`,
    { retryable: true },
  );
}
