/**
 * Makes commits without a work tree and without a process: the changed folders are made in memory, the commit is signed
 * with the manager's key, and their few objects are stored. No text of a user ever is an argument or a header
 * of its own.
 */
import type { KeyObject } from "node:crypto";
import { replaceControlCharacters } from "../runtime/control-characters.ts";
import type { Proposal } from "./deployment-repository.ts";
import { formatCommitObject, withSignature } from "./objects/commit-object.ts";
import { type Folder } from "./objects/folder.ts";
import { type GitObject, type IdAlgorithm, algorithmOf, objectIdOf } from "./objects/object-id.ts";
import { changeTree, emptyFolder } from "./objects/tree-change.ts";
import { signSsh } from "./signatures/ssh-signature.ts";

const MESSAGE_CHARACTERS_MAX = 10_000;
const TRAILER_CHARACTERS_MAX = 1000;
const COMMITTER = "Bascule manager";

export interface CommitStamp {
  /** Seconds since 1970. */
  readonly wallSeconds: number;
  /** What stands behind the "@" of e-mail addresses. */
  readonly mailDomain: string;
  /** Undefined: the commit is not signed. */
  readonly signingKey: KeyObject | undefined;
}

export interface MadeCommit {
  readonly commit: string;
  readonly root: Folder;
  /** What must be stored for the commit to be there. */
  readonly objects: ReadonlyMap<string, GitObject>;
}

/**
 * The commit of a proposal; undefined when it changes nothing. `before`: the tree of its base.
 * @throws AppError REQUEST_INVALID when a path, a size or the resulting tree is not allowed.
 */
export function makeCommit(
  proposal: Proposal,
  before: Folder | undefined,
  stamp: CommitStamp,
): MadeCommit | undefined {
  const { base, leavesOut, allowsEmpty = leavesOut !== undefined } = proposal;
  const algorithm: IdAlgorithm = base === undefined ? "sha1" : algorithmOf(base);
  const from = before ?? emptyFolder(algorithm);
  const { root, objects } = changeTree(from, proposal.changes, algorithm);
  if (before && root.id === before.id && !allowsEmpty) return undefined;
  const payload = formatCommit(proposal, root.id, stamp);
  const content = stamp.signingKey
    ? withSignature(payload, signSsh(payload, stamp.signingKey), root.id.length)
    : payload;
  const object = { kind: "commit", content } as const;
  const commit = objectIdOf(object, algorithm);
  return { commit, root, objects: new Map([...objects, [commit, object]]) };
}

/** The bytes of the commit, before they are signed. */
export function formatCommit(proposal: Proposal, tree: string, stamp: CommitStamp): Buffer {
  const { base, leavesOut, merges, author, trailers = [] } = proposal;
  const { wallSeconds, mailDomain } = stamp;
  const time = `${Math.floor(wallSeconds)} +0000`;
  const all = [
    ["Deployed-By", author.via],
    ...(leavesOut === undefined ? [] : [["Leaves-Out", leavesOut]]),
    ...(merges === undefined ? [] : [["Merges", merges]]),
    ...trailers,
  ];
  const lines = all.map(([key = "", value = ""]) => `${cleanKey(key)}: ${cleanValue(value)}\n`);
  return formatCommitObject({
    tree,
    parents: [base, leavesOut, merges].filter((parent) => parent !== undefined),
    author: `${cleanName(author.user)} <${mailName(author.user)}@${mailDomain}> ${time}`,
    committer: `${COMMITTER} <manager@${mailDomain}> ${time}`,
    message: `${cleanMessage(proposal.message)}\n\n${lines.join("")}`,
  });
}

function cleanMessage(message: string): string {
  const short = message.slice(0, MESSAGE_CHARACTERS_MAX).replaceAll("\r\n", "\n");
  const lines = short.split("\n").map((line) => replaceControlCharacters(line, " "));
  const clean = lines.join("\n").trim().toWellFormed();
  return clean === "" ? "Deployment" : clean;
}

function cleanKey(key: string): string {
  const clean = key.replaceAll(/[^A-Za-z0-9-]+/g, "-").replace(/^-+/, "");
  return clean === "" ? "Note" : clean.slice(0, 100);
}

function cleanValue(value: string): string {
  const clean = replaceControlCharacters(value, " ").trim().toWellFormed();
  return clean.slice(0, TRAILER_CHARACTERS_MAX);
}

/** Without what git takes for the end of a name. */
function cleanName(user: string): string {
  const clean = replaceControlCharacters(user, "")
    .replaceAll(/[<>]/g, "")
    .replaceAll(/^[\s.,:;"'\\]+|[\s.,:;"'\\]+$/g, "")
    .toWellFormed();
  return clean === "" ? "unknown" : clean.slice(0, 200);
}

function mailName(user: string): string {
  const clean = user.replaceAll(/[^A-Za-z0-9._+-]+/g, "-").slice(0, 64);
  return clean === "" ? "unknown" : clean;
}
