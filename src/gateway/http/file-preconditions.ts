/** Conditional requests for files (RFC 9110 13, ngx_http_not_modified_filter_module). */
import type { Stats } from "node:fs";
import { fieldValue, type HeaderField } from "./header-fields.ts";

export interface FileFacts {
  /** Last-Modified as it is sent. */
  readonly modified: string;
  /** Undefined: `etag off`. */
  readonly tag: string | undefined;
  readonly ifModifiedSince: "off" | "exact" | "before";
}

/** nginx's form: time and size in hexadecimal digits. */
export function fileTag({ mtimeMs, size }: Pick<Stats, "mtimeMs" | "size">): string {
  return `"${Math.floor(mtimeMs / 1000).toString(16)}-${size.toString(16)}"`;
}

/** The status that answers instead of the file; undefined: the file is sent. */
export function evaluatePreconditions(
  fields: readonly HeaderField[],
  facts: FileFacts,
): 304 | 412 | undefined {
  const unmodifiedSince = fieldValue(fields, "if-unmodified-since");
  if (unmodifiedSince !== "" && isLater(facts.modified, unmodifiedSince)) return 412;
  const match = fieldValue(fields, "if-match");
  if (match !== "" && !listsTag(match, facts.tag, false)) return 412;
  const modifiedSince = fieldValue(fields, "if-modified-since");
  const noneMatch = fieldValue(fields, "if-none-match");
  if (modifiedSince === "" && noneMatch === "") return undefined;
  if (modifiedSince !== "" && isModified(modifiedSince, facts)) return undefined;
  if (noneMatch !== "" && !listsTag(noneMatch, facts.tag, true)) return undefined;
  return 304;
}

/** false: the client's part is of another version, it gets the whole (If-Range). */
export function rangeApplies(fields: readonly HeaderField[], facts: FileFacts): boolean {
  const condition = fieldValue(fields, "if-range");
  if (condition === "") return true;
  if (condition.endsWith('"')) return condition === facts.tag;
  return Date.parse(condition) === Date.parse(facts.modified);
}

function isModified(since: string, { modified, ifModifiedSince }: FileFacts): boolean {
  if (ifModifiedSince === "off") return true;
  const sinceMs = Date.parse(since);
  if (sinceMs === Date.parse(modified)) return false;
  return ifModifiedSince === "exact" || !(sinceMs > Date.parse(modified));
}

function isLater(modified: string, than: string): boolean {
  return Date.parse(modified) > Date.parse(than);
}

function listsTag(list: string, tag: string | undefined, weak: boolean): boolean {
  if (list.trim() === "*") return true;
  const plain = (text: string): string => (weak ? text.replace(/^W\//, "") : text);
  return list.split(",").some((word) => tag !== undefined && plain(word.trim()) === plain(tag));
}
