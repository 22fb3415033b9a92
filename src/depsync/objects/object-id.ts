/** git's ids of objects: SHA-1 of kind, length and content, or SHA-256 in repositories of that format. */
import { createHash } from "node:crypto";

export type ObjectKind = "blob" | "tree" | "commit";
export type IdAlgorithm = "sha1" | "sha256";

/** An object as it is stored. */
export interface GitObject {
  readonly kind: ObjectKind;
  readonly content: Buffer;
}

export function objectIdOf({ kind, content }: GitObject, algorithm: IdAlgorithm): string {
  return createHash(algorithm).update(`${kind} ${content.length}\0`).update(content).digest("hex");
}

/** The algorithm of a repository, by the length of any of its ids. */
export function algorithmOf(id: string): IdAlgorithm {
  return id.length === 64 ? "sha256" : "sha1";
}

export function isObjectKind(text: string): text is ObjectKind {
  return text === "blob" || text === "tree" || text === "commit";
}
