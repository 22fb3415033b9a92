/** Content types: what a header says, and which of the engine's payload kinds it stands for. */

/** The kinds of payload that the builders and formatters know. */
export type PayloadKind =
  | "soap11"
  | "soap12"
  | "xml"
  | "json"
  | "form"
  | "multipart-form"
  | "multipart-related"
  | "text"
  | "binary";

export interface ContentType {
  /** Lower-cased "type/subtype"; "" when there is none. */
  readonly type: string;
  /** Lower-cased charset parameter. */
  readonly charset: string | undefined;
  /** action parameter of application/soap+xml. */
  readonly action: string | undefined;
  /** boundary parameter of multipart types. */
  readonly boundary: string | undefined;
  /** start parameter of multipart/related: the Content-ID of the part that is the message. */
  readonly start: string | undefined;
}

/** Values whose reading is remembered: the same few come with every message. */
const KNOWN_MAX = 500;
const KNOWN = new Map<string, ContentType>();

/** Reads a Content-Type value; never fails. */
export function parseContentType(value: string | undefined): ContentType {
  const text = value ?? "";
  const known = KNOWN.get(text);
  if (known) return known;
  const parsed = readContentType(text);
  if (text.length > 200) return parsed;
  if (KNOWN.size >= KNOWN_MAX) KNOWN.clear();
  KNOWN.set(text, parsed);
  return parsed;
}

/** A value in quotes may hold ";" (RFC 9110 5.6.6). */
const PARAMETER = /;\s*([^\s;="]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))/g;

function readContentType(text: string): ContentType {
  const end = text.indexOf(";");
  const parameters = new Map<string, string>();
  for (const [, name = "", quoted, plain = ""] of end === -1
    ? []
    : text.slice(end).matchAll(PARAMETER)) {
    const lower = name.toLowerCase();
    const value = quoted === undefined ? plain.trim() : quoted.replaceAll(/\\(.)/g, "$1");
    if (!parameters.has(lower)) parameters.set(lower, value);
  }
  return {
    type: (end === -1 ? text : text.slice(0, end)).trim().toLowerCase(),
    charset: parameters.get("charset")?.toLowerCase(),
    action: parameters.get("action"),
    boundary: parameters.get("boundary"),
    start: parameters.get("start"),
  };
}

const KINDS: Readonly<Record<string, PayloadKind>> = {
  "text/xml": "soap11",
  "application/soap+xml": "soap12",
  "application/xml": "xml",
  "application/json": "json",
  "text/json": "json",
  "application/x-www-form-urlencoded": "form",
  "multipart/form-data": "multipart-form",
  "multipart/related": "multipart-related",
  "text/plain": "text",
  "text/html": "text",
  "text/csv": "text",
};

/** The payload kind of a media type; unknown ones are binary. */
export function payloadKindOf(type: string): PayloadKind {
  const known = KINDS[type];
  if (known) return known;
  if (type.endsWith("+json")) return "json";
  return type.endsWith("+xml") ? "xml" : "binary";
}
