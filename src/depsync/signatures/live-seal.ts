/**
 * A seal: a manager's signed word that a commit is live, with a number that only grows. It is a commit of its own on the branch
 * `live-seal`, with the tree of what it names and the seal before it as parent. `live` alone is a name that whoever can write
 * the repository moves; a candidate that was refused bears a manager's signature too, but no seal ever names it.
 */
import type { KeyObject } from "node:crypto";
import { formatCommitObject, parseCommitObject, withSignature } from "../objects/commit-object.ts";
import { type GitObject, algorithmOf, objectIdOf } from "../objects/object-id.ts";
import { checkSignature } from "./known-signers.ts";
import type { SshPublicKey } from "./ssh-public-key.ts";
import { signSsh } from "./ssh-signature.ts";

export interface LiveSeal {
  /** The id of the seal itself. */
  readonly id: string;
  /** What is live. */
  readonly commit: string;
  /** Grows with each seal of a repository. */
  readonly number: number;
}

export interface NewSeal {
  readonly commit: string;
  readonly number: number;
  /** The tree of the commit. */
  readonly tree: string;
  /** The seal before it, whoever has made it. */
  readonly previous: string | undefined;
  /** Seconds since 1970. */
  readonly wallSeconds: number;
  /** What stands behind the "@" of the e-mail address. */
  readonly mailDomain: string;
}

/**
 * The whole message. A deploy's commit ends with `Deployed-By:` and can never look like this, whatever admins write;
 * nor does what people commit, for they have not the key.
 */
const MESSAGE =
  /^Live is [0-9a-f]{12}\n\nLive: ([0-9a-f]{40}|[0-9a-f]{64})\nLive-Number: ([1-9][0-9]{0,15})\n$/;

/** The seal as a commit object, and its id. */
export function makeSeal(
  { commit, number, tree, previous, wallSeconds, mailDomain }: NewSeal,
  signingKey: KeyObject,
): { readonly id: string; readonly object: GitObject } {
  const who = `Bascule manager <manager@${mailDomain}> ${Math.floor(wallSeconds)} +0000`;
  const payload = formatCommitObject({
    tree,
    parents: previous === undefined ? [] : [previous],
    author: who,
    committer: who,
    message: `Live is ${commit.slice(0, 12)}\n\nLive: ${commit}\nLive-Number: ${number}\n`,
  });
  const content = withSignature(payload, signSsh(payload, signingKey), tree.length);
  const object = { kind: "commit", content } as const;
  return { id: objectIdOf(object, algorithmOf(tree)), object };
}

/** Undefined: it is no seal, or none of these managers has made it. */
export function readSeal(
  object: GitObject,
  managerKeys: readonly SshPublicKey[],
): LiveSeal | undefined {
  try {
    const commit = parseCommitObject(object);
    const [, live, digits] = MESSAGE.exec(commit.message) ?? [];
    if (live === undefined || live.length !== commit.tree.length) return undefined;
    const number = Number(digits);
    if (!Number.isSafeInteger(number)) return undefined;
    if (checkSignature(commit, managerKeys, []).signer?.kind !== "manager") return undefined;
    return { id: objectIdOf(object, algorithmOf(live)), commit: live, number };
  } catch {
    return undefined;
  }
}

/** The number that a seal claims, whoever has signed it; undefined: it is none. */
export function claimedNumber(object: GitObject): number | undefined {
  try {
    const [, , digits] = MESSAGE.exec(parseCommitObject(object).message) ?? [];
    const number = Number(digits);
    return Number.isSafeInteger(number) ? number : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether a seal says something newer than another one, or the same once more. Equal numbers of two seals never come about
 * by themselves: the branch moves by compare-and-swap.
 */
export function isNewer(seal: LiveSeal, than: LiveSeal | undefined): boolean {
  return than === undefined || seal.number > than.number || seal.id === than.id;
}
