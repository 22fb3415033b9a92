/**
 * git's commit objects: read with the signature apart from what was signed, and written. Bytes are kept as they are
 * (latin1 within), for a signature is over bytes.
 */
import type { Trailer } from "../deployment-repository.ts";
import type { GitObject } from "./object-id.ts";

export interface CommitObject {
  readonly tree: string;
  readonly parents: readonly string[];
  /** "Name <mail> seconds zone", as it stands there. */
  readonly author: string;
  readonly message: string;
  /** The armored signature of `gpgsig`; undefined: unsigned. */
  readonly signature: string | undefined;
  /** What the signature must be of: the object without it. */
  readonly payload: Buffer;
}

export interface NewCommit {
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: string;
  readonly committer: string;
  readonly message: string;
}

const SIGNATURE_HEADERS = ["gpgsig", "gpgsig-sha256"];
const ID = /^([0-9a-f]{40}|[0-9a-f]{64})$/;
const TRAILER = /^([A-Za-z0-9][A-Za-z0-9-]*): *(.*)$/;

/** @throws Error when the bytes are no commit as git reads it, or one with two signatures. */
export function parseCommitObject({ kind, content }: GitObject): CommitObject {
  if (kind !== "commit") throw new Error("it is no commit");
  const text = content.toString("latin1");
  const end = text.indexOf("\n\n");
  const head = end < 0 ? text.replace(/\n$/, "") : text.slice(0, end);
  // A header goes on in lines that begin with a space.
  const headers = head.split(/\n(?! )/);
  const of = (name: string): readonly string[] =>
    headers.filter((one) => one.startsWith(`${name} `)).map((one) => one.slice(name.length + 1));
  const [tree = ""] = of("tree");
  const parents = of("parent");
  if (!ID.test(tree) || !parents.every((id) => ID.test(id))) throw new Error("it is no commit");
  // git sees a tree and parents at the top only: what stands elsewhere would make another history here than there.
  const top = [`tree ${tree}`, ...parents.map((id) => `parent ${id}`)];
  if (of("tree").length > 1 || top.some((line, index) => headers[index] !== line))
    throw new Error("its tree and parents do not stand at its top");
  const name = tree.length === 64 ? "gpgsig-sha256" : "gpgsig";
  const signatures = of(name);
  if (signatures.length > 1) throw new Error("it has two signatures");
  const others = headers.filter((one) => !SIGNATURE_HEADERS.includes(one.split(" ", 1)[0] ?? ""));
  return {
    tree,
    parents,
    author: utf8(of("author")[0] ?? ""),
    message: utf8(end < 0 ? "" : text.slice(end + 2)),
    signature: signatures[0]?.replaceAll("\n ", "\n"),
    payload: Buffer.from(others.join("\n") + (end < 0 ? "\n" : text.slice(end)), "latin1"),
  };
}

/** The bytes of a commit, unsigned: what is signed. */
export function formatCommitObject(commit: NewCommit): Buffer {
  const { tree, parents, author, committer, message } = commit;
  const headers = [
    `tree ${tree}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${author}`,
    `committer ${committer}`,
  ];
  return Buffer.from(`${headers.join("\n")}\n\n${message}`);
}

/** Puts the signature behind the other headers, as git does. */
export function withSignature(payload: Buffer, armored: string, idLength: number): Buffer {
  const end = payload.indexOf("\n\n");
  const name = idLength === 64 ? "gpgsig-sha256" : "gpgsig";
  const header = `\n${name} ${armored.trimEnd().replaceAll("\n", "\n ")}`;
  return Buffer.concat([payload.subarray(0, end), Buffer.from(header), payload.subarray(end)]);
}

/** Name and time of an author line. */
export function parsePerson(line: string): { readonly name: string; readonly date: string } {
  const [, name = "", seconds = "0", zone = "+0000"] =
    /^(.*?) ?<[^>]*> (-?\d{1,12}) ([+-]\d{4})$/.exec(line) ?? [];
  return { name: name === "" ? line.slice(0, 200) : name, date: isoDate(Number(seconds), zone) };
}

/** The lines `Key: value` of the last paragraph, if it has no others. */
export function parseTrailers(message: string): readonly Trailer[] {
  const paragraphs = message.trimEnd().split(/\n{2,}/);
  const last = paragraphs.length > 1 ? (paragraphs.at(-1) ?? "") : "";
  const trailers: Trailer[] = [];
  for (const line of last.split("\n")) {
    const [, key, value = ""] = TRAILER.exec(line) ?? [];
    if (key === undefined) return [];
    trailers.push([key, value.trim()]);
  }
  return trailers;
}

/** ISO 8601 in the author's own zone, as git's %aI. */
function isoDate(seconds: number, zone: string): string {
  const sign = zone.startsWith("-") ? -1 : 1;
  const minutes = sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3, 5)));
  const local = new Date((seconds + minutes * 60) * 1000);
  if (Number.isNaN(local.getTime())) return "";
  return `${local.toISOString().slice(0, 19)}${zone.slice(0, 3)}:${zone.slice(3)}`;
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}
