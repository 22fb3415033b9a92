/**
 * Makes commits without a work tree: one `git fast-import` takes author, message and contents over standard
 * input and answers with the commit's id. No text of a user ever is an argument.
 */
import { replaceControlCharacters } from "../runtime/control-characters.ts";
import { AppError } from "../errors/app-error.ts";
import type { ChangeAuthor, FileChange } from "./deployment-repository.ts";
import { runGit } from "./git-process.ts";
import { FILES_MAX, FILE_BYTES_MAX, type TreeEntry } from "./git-tree.ts";
import { checkPath } from "./repository-path.ts";

/** A commit is made under this ref first and becomes visible when `main` is moved to it. */
const CANDIDATE_REF = "refs/bascule/candidate";
const MESSAGE_CHARACTERS_MAX = 10_000;
const COMMITTER = "Bascule manager";

export interface CommitPlan {
  /** Undefined: the first commit. */
  readonly parent: string | undefined;
  readonly changes: readonly FileChange[];
  readonly message: string;
  readonly author: ChangeAuthor;
  /** Seconds since 1970. */
  readonly wallSeconds: number;
  /** What stands behind the "@" of e-mail addresses. */
  readonly mailDomain: string;
}

/** Makes the commit object and returns its id. @throws AppError DEPLOYMENT_REPOSITORY. */
export async function makeCommit(gitDir: string, plan: CommitPlan): Promise<string> {
  const output = await runGit({
    gitDir,
    args: ["fast-import", "--quiet", "--done", "--force"],
    input: formatCommit(plan),
  });
  return output.trim();
}

/** The input of fast-import (gitformat in git-fast-import(1)). */
export function formatCommit(plan: CommitPlan): Buffer {
  const { parent, changes, author, wallSeconds, mailDomain } = plan;
  const time = `${Math.floor(wallSeconds)} +0000`;
  const message = `${cleanMessage(plan.message)}\n\nDeployed-By: ${author.via}\n`;
  const parts: Buffer[] = [
    text(`commit ${CANDIDATE_REF}\nmark :1\n`),
    text(`author ${cleanName(author.user)} <${mailName(author.user)}@${mailDomain}> ${time}\n`),
    text(`committer ${COMMITTER} <manager@${mailDomain}> ${time}\n`),
    data(text(message)),
    text(parent === undefined ? "" : `from ${parent}\n`),
  ];
  for (const { path, content } of changes) {
    if (content) parts.push(text(`M 100644 inline ${quote(path)}\n`), data(content));
    else parts.push(text(`D ${quote(path)}\n`));
  }
  parts.push(text("\nget-mark :1\ndone\n"));
  return Buffer.concat(parts);
}

/**
 * The changes that really change something against the files of the parent.
 * @throws AppError REQUEST_INVALID when a path, a size or the resulting tree is not allowed.
 */
export function effectiveChanges(
  entries: readonly TreeEntry[],
  changes: readonly FileChange[],
  blobId: (content: Buffer) => string,
): readonly FileChange[] {
  const blobs = new Map(entries.map((entry) => [entry.path, entry.blob]));
  const effective: FileChange[] = [];
  for (const change of changes) {
    checkPath(change.path);
    if (change.content && change.content.length > FILE_BYTES_MAX) {
      throw invalid(`"${change.path}" is larger than ${FILE_BYTES_MAX} bytes`);
    }
    const blob = change.content && blobId(change.content);
    if (blob === blobs.get(change.path)) continue;
    effective.push(change);
    if (blob === undefined) blobs.delete(change.path);
    else blobs.set(change.path, blob);
  }
  checkTree(blobs);
  return effective;
}

function checkTree(blobs: ReadonlyMap<string, string>): void {
  if (blobs.size > FILES_MAX) throw invalid(`there would be more than ${FILES_MAX} files`);
  for (const path of blobs.keys()) {
    for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
      const folder = path.slice(0, slash);
      if (blobs.has(folder)) throw invalid(`"${folder}" would be a file and a folder`);
    }
  }
}

function invalid(reason: string): AppError {
  return new AppError("REQUEST_INVALID", `the change cannot be committed: ${reason}`, {
    side: "downstream",
  });
}

function text(content: string): Buffer {
  return Buffer.from(content, "utf8");
}

function data(content: Buffer): Buffer {
  return Buffer.concat([text(`data ${content.length}\n`), content, text("\n")]);
}

/** C style, as git quotes; the path has no control characters. */
function quote(path: string): string {
  return `"${path.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

function cleanMessage(message: string): string {
  const short = message.slice(0, MESSAGE_CHARACTERS_MAX).replaceAll("\r\n", "\n");
  const lines = short.split("\n").map((line) => replaceControlCharacters(line, " "));
  const clean = lines.join("\n").trim();
  return clean === "" ? "Deployment" : clean;
}

function cleanName(user: string): string {
  const clean = replaceControlCharacters(user, "").replaceAll(/[<>]/g, "").trim();
  return clean === "" ? "unknown" : clean.slice(0, 200);
}

function mailName(user: string): string {
  const clean = user.replaceAll(/[^A-Za-z0-9._+-]+/g, "-").slice(0, 64);
  return clean === "" ? "unknown" : clean;
}
