/**
 * The target of a request line → normalised path and query (ngx_http_parse_complex_uri): percent-decoding,
 * `//` merged, `.` and `..` resolved; absolute form is reduced to its path. Locations match the normalised
 * path. Paths are strings of bytes (one character a byte, as Node's parser hands them over).
 */
import { escapeChars, isControl } from "../escape-chars.ts";

export interface RequestTarget {
  /** Decoded path; starts with "/". */
  readonly path: string;
  /** Without "?"; "" when there is none. */
  readonly query: string;
  /** Path and query as received, for forwarding; starts with "/". */
  readonly raw: string;
  /** The host of an absolute-form target, with its port. */
  readonly host: string | undefined;
}

/** Visible characters that `escapePath` writes as %XX: nginx's table for URIs. */
const UNSAFE_IN_PATH = new Set(Array.from(' "#%<>?\\^`{|}', (char) => char.charCodeAt(0)));

/** Undefined: the target is malformed and the answer is 400. `mergeSlashes`: "//" counts as "/". */
export function parseRequestTarget(target: string, mergeSlashes = true): RequestTarget | undefined {
  const absolute = target.startsWith("/") ? null : /^https?:\/\/([^/?#]+)(.*)$/is.exec(target);
  const host = absolute?.[1];
  if (host?.includes("@") === true) return undefined;
  const origin = absolute ? (absolute[2] ?? "") : target;
  const raw = absolute && !origin.startsWith("/") ? `/${origin}` : origin;
  if (!raw.startsWith("/")) return undefined;
  const fragment = raw.indexOf("#");
  const visible = fragment === -1 ? raw : raw.slice(0, fragment);
  const question = visible.indexOf("?");
  const encoded = question === -1 ? visible : visible.slice(0, question);
  const query = question === -1 ? "" : visible.slice(question + 1);
  const path = normalisePath(encoded, mergeSlashes);
  return path === undefined ? undefined : { path, query, raw: visible, host };
}

/** Undefined for a broken escape, NUL, or a path that climbs above the root. */
function normalisePath(encoded: string, mergeSlashes: boolean): string | undefined {
  const decoded = encoded.includes("%") ? decodePath(encoded) : encoded;
  if (decoded === undefined) return undefined;
  if (!decoded.includes("//") && !decoded.includes("/.")) return decoded;
  const segments: string[] = [];
  const words = decoded.split("/").slice(1);
  for (const [at, word] of words.entries()) {
    if (word === "..") {
      if (segments.pop() === undefined) return undefined;
    } else if (word !== "." && (word !== "" || (!mergeSlashes && at < words.length - 1))) {
      segments.push(word);
    }
  }
  const last = words.at(-1);
  const endsInSlash = last === "" || last === "." || last === "..";
  return segments.length === 0 ? "/" : `/${segments.join("/")}${endsInSlash ? "/" : ""}`;
}

/** Undefined for a broken escape, or NUL. */
function decodePath(encoded: string): string | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(encoded)) return undefined;
  const decoded = encoded.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return decoded.includes("\0") ? undefined : decoded;
}

/** A decoded path as it may stand in a request line. */
export function escapePath(path: string): string {
  return escapeChars(
    path,
    "%",
    (code) => isControl(code) || code > 0x7f || UNSAFE_IN_PATH.has(code),
  );
}
