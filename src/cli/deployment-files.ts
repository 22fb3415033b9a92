/** What `bascule deploy` hands in: the files and folders of its arguments, read and put into one request. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { AppError, messageOf } from "../errors/app-error.ts";
import type { ManagerRequest } from "./manager-client.ts";

/** What the manager takes in one request. */
const BYTES_MAX = 10 * 1024 * 1024;
const FILES_MAX = 1_000;
/** Longest name that is sent; of a longer one its last part. */
const NAME_LENGTH_MAX = 255;
const FOLDERS_DEEP_MAX = 20;

interface ReadFile {
  readonly name: string;
  readonly content: Buffer;
}

/** @param query what is said beside the files. @throws AppError USAGE, ARTIFACT_FAULTY. */
export function deployRequest(
  paths: readonly string[],
  query: Readonly<URLSearchParams>,
): ManagerRequest {
  const names = paths.flatMap(filesAt);
  if (names.length > FILES_MAX)
    throw new AppError(
      "USAGE",
      `${names.length} files are more than ${FILES_MAX}: deploy in parts`,
    );
  const files = names.map(readOne);
  const [first] = files;
  const several = new URLSearchParams(query);
  if (!first || files.length > 1) return checked(severalFiles(files, several));
  several.set("file", shownName(first.name));
  const contentType = isApp(first.name) ? "application/octet-stream" : "application/xml";
  return checked({ method: "POST", path: pathWith(several), contentType, body: first.content });
}

/** The file itself, or all XML files and applications in a folder and below, hidden ones excepted, in order. */
function filesAt(path: string): readonly string[] {
  if (!isFolder(path)) return [path];
  const found = walk(path, FOLDERS_DEEP_MAX);
  if (found.length > 0) return found;
  throw new AppError("USAGE", `there is no .xml and no .car file in the folder ${path}`);
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (cause) {
    throw new AppError("USAGE", `cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
}

function walk(folder: string, deepMax: number): readonly string[] {
  const entries = readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith("."))
    .toSorted((left, right) => (left.name < right.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return deepMax > 0 ? walk(path, deepMax - 1) : [];
    return entry.isFile() && /\.(xml|car)$/.test(entry.name) ? [path] : [];
  });
}

function readOne(name: string): ReadFile {
  try {
    return { name, content: readFileSync(name) };
  } catch (cause) {
    throw new AppError("USAGE", `cannot read ${name}: ${messageOf(cause)}`, { cause });
  }
}

function severalFiles(files: readonly ReadFile[], query: URLSearchParams) {
  const list = files.map(({ name, content }) => {
    const shown = shownName(name);
    return isApp(name)
      ? { name: shown, content: content.toString("base64"), encoding: "base64" }
      : { name: shown, content: decode(name, content) };
  });
  const body = Buffer.from(JSON.stringify({ files: list }));
  const contentType = "application/json";
  return { method: "POST", path: pathWith(query), contentType, body } as const;
}

function pathWith(query: URLSearchParams): string {
  const text = query.toString();
  return `/management/deployments${text === "" ? "" : `?${text}`}`;
}

function isApp(name: string): boolean {
  return name.endsWith(".car");
}

function shownName(name: string): string {
  return name.length <= NAME_LENGTH_MAX ? name : basename(name).slice(-NAME_LENGTH_MAX);
}

/** The byte order mark stays, so that the file is committed as it is. */
function decode(name: string, content: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    throw new AppError("ARTIFACT_FAULTY", `${name}:1: the file is not encoded in UTF-8`);
  }
}

function checked(request: ManagerRequest & { readonly body: Buffer }): ManagerRequest {
  if (request.body.length <= BYTES_MAX) return request;
  const message = `the files are larger than ${BYTES_MAX} bytes together; deploy them in parts`;
  throw new AppError("USAGE", message);
}
