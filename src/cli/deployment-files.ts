/** What `bascule deploy` hands in: the files and folders of its arguments, read and put into one request. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";
import { AppError, messageOf } from "../errors/app-error.ts";
import { resourceKeyOf } from "../mediation/registry-place.ts";
import { withQuery } from "./change-options.ts";
import type { ManagerRequest } from "./manager-client.ts";

const PATH = "/management/deployments";
/** What the manager takes in one request. */
const BYTES_MAX = 10 * 1024 * 1024;
const FILES_MAX = 1_000;
/** Longest name that is sent; of a longer one its last part. */
const NAME_LENGTH_MAX = 255;
const FOLDERS_DEEP_MAX = 20;

interface FoundFile {
  readonly path: string;
  /** The key of a registry resource. */
  readonly key?: string | undefined;
}

interface ReadFile {
  readonly name: string;
  readonly key?: string | undefined;
  readonly content: Buffer;
}

/** @param query what is said beside the files. @throws AppError USAGE, ARTIFACT_FAULTY. */
export function deployRequest(
  paths: readonly string[],
  query: Readonly<URLSearchParams>,
): ManagerRequest {
  const found = paths.flatMap(filesAt);
  if (found.length > FILES_MAX)
    throw new AppError(
      "USAGE",
      `${found.length} files are more than ${FILES_MAX}: deploy in parts`,
    );
  const files = found.map(readOne);
  const [first] = files;
  const several = new URLSearchParams(query);
  if (!first || files.length > 1) return checked(severalFiles(files, several));
  return checked(oneFile(first, several));
}

/** One file as the registry resource of that key. @throws AppError USAGE. */
export function resourceRequest(
  paths: readonly string[],
  key: string,
  query: Readonly<URLSearchParams>,
): ManagerRequest {
  const [path = ""] = paths;
  if (paths.length !== 1 || isFolder(path))
    throw new AppError("USAGE", "--key is for one file, not for several or a folder");
  return checked(oneFile(readOne({ path, key }), new URLSearchParams(query)));
}

function oneFile({ name, key, content }: ReadFile, query: URLSearchParams) {
  query.set("file", shownName(name));
  if (key !== undefined) query.set("key", key);
  const isXml = key === undefined && !isApp(name);
  const contentType = isXml ? "application/xml" : "application/octet-stream";
  return { method: "POST", path: withQuery(PATH, query), contentType, body: content } as const;
}

/** The file itself, or what there is to deploy in a folder and below, hidden files excepted, in order. */
function filesAt(path: string): readonly FoundFile[] {
  if (!isFolder(path)) return [{ path }];
  const found = walk(path, FOLDERS_DEEP_MAX).flatMap((inside) => foundIn(path, inside));
  if (found.length > 0) return found;
  throw new AppError(
    "USAGE",
    `there is no .xml, no .car file and no registry/ in the folder ${path}`,
  );
}

/** A folder may be laid out as the deployment repository, with resources. */
function foundIn(folder: string, path: string): readonly FoundFile[] {
  const place = relative(folder, path).split(sep).join("/");
  const key = resourceKeyOf(place);
  if (key !== undefined) return [{ path, key }];
  return /\.(xml|car)$/.test(path) ? [{ path }] : [];
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
    return entry.isFile() ? [path] : [];
  });
}

function readOne({ path, key }: FoundFile): ReadFile {
  try {
    return { name: path, key, content: readFileSync(path) };
  } catch (cause) {
    throw new AppError("USAGE", `cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
}

function severalFiles(files: readonly ReadFile[], query: URLSearchParams) {
  const list = files.map(({ name, key, content }) => {
    const shown = { name: shownName(name), key };
    return key !== undefined || isApp(name)
      ? { ...shown, content: content.toString("base64"), encoding: "base64" }
      : { ...shown, content: decode(name, content) };
  });
  const body = Buffer.from(JSON.stringify({ files: list }));
  const contentType = "application/json";
  return { method: "POST", path: withQuery(PATH, query), contentType, body } as const;
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
