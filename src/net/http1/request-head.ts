/**
 * The head of a request: one string of bytes → method, target, version and fields, or the fault for which it is
 * refused (RFC 9112 2.2, 3 and 5; ngx_http_parse.c). Bare LF ends a line as in nginx; whatever two
 * parties could read in two ways is a fault. Pure; head-reader.ts finds where a head ends.
 */
import { type HeaderField, isToken } from "./header-field.ts";

/** Why a request is refused. */
export interface HeadFault {
  /** nginx's status: 400, 414, 501, 505, or 494 (head too large), 497 (plain HTTP on a TLS port), 408. */
  readonly status: number;
  /** For the log, in nginx's words. */
  readonly sentence: string;
}

export interface RequestHead {
  readonly method: string;
  /** The target of the request line, as received. */
  readonly target: string;
  /** "1.0" or "1.1"; others only together with a fault. */
  readonly version: string;
  /** Names of letters, digits and "-" only: others are dropped, as nginx does by default. */
  readonly fields: readonly HeaderField[];
  /** The request line as received; "" when none was. */
  readonly line: string;
  /** The request must not be served. Default: nothing is wrong with it. */
  readonly fault?: HeadFault;
}

const LINE = "while reading client request line";
const HEADERS = "while reading client request headers";

/** Visible bytes, one space between the parts; nginx takes more spaces, and so does this. */
const LINE_FORM = /^([A-Z_-]+) +([^\0- \x7f]+) +HTTP\/(\d{1,2})\.(\d{1,2}) *$/;
const KEPT_NAME = /^[A-Za-z0-9-]+$/;
/** Control characters but HTAB, CR, LF; and a CR that ends no line. */
// eslint-disable-next-line no-control-regex
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)/;

/** keep: passed on; drop: left out, as nginx does with "_" and the like; refuse: the head is invalid. */
type FieldUse = "keep" | "drop" | "refuse";

interface FieldName {
  readonly text: string;
  readonly lower: string;
  readonly use: FieldUse;
}

/** The same few names come with every message: what is known of them is kept, up to a bound. */
class FieldNames {
  readonly #known = new Map<string, FieldName>();

  find(name: string): FieldName {
    return this.#known.get(name) ?? this.#judge(name);
  }

  #judge(name: string): FieldName {
    const use = KEPT_NAME.test(name) ? "keep" : isToken(name) ? "drop" : "refuse";
    // A copy: a slice would keep the whole head that it was cut from.
    const text = Buffer.from(name, "latin1").toString("latin1");
    const lower = this.#known.get(text.toLowerCase())?.text ?? text.toLowerCase();
    const found = { text, lower, use } as const;
    if (this.#known.size >= KNOWN_NAMES_MAX || name.length >= 64) return found;
    if (lower !== text) this.#known.set(lower, { text: lower, lower, use });
    this.#known.set(text, found);
    return found;
  }
}

const KNOWN_NAMES_MAX = 512;
const FIELD_NAMES = new FieldNames();

/** A head of which nothing is known but its fault. */
export function faultyHead(fault: HeadFault, line = ""): RequestHead {
  const [method = "", target = ""] = line.split(" ");
  return { method, target, version: "1.0", fields: [], line, fault };
}

const PLAIN_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "DELETE"]);
/** What a target of visible bytes does not hold. */
// eslint-disable-next-line no-control-regex
const INVISIBLE = /[\0- \x7f]/;

/** The request line without its end; fields are empty. */
export function parseRequestLine(line: string): RequestHead {
  const space = line.indexOf(" ");
  // As nearly every request line looks; all others are looked at closely.
  if (line.endsWith(" HTTP/1.1") && PLAIN_METHODS.has(line.slice(0, space))) {
    const target = line.slice(space + 1, -9);
    if (target !== "" && !INVISIBLE.test(target)) {
      return { method: line.slice(0, space), target, version: "1.1", fields: [], line };
    }
  }
  const match = LINE_FORM.exec(line);
  if (!match) {
    const what = /^[A-Z_-]+( |$)/.test(line) ? "request" : "method";
    return faultyHead({ status: 400, sentence: `client sent invalid ${what} ${LINE}` }, line);
  }
  const [, method = "", target = "", major = "", minor = ""] = match;
  const version = `${Number(major)}.${Number(minor)}`;
  const head = { method, target, version, fields: [], line };
  if (version === "1.1" || version === "1.0") {
    const fault = methodFault(method, target);
    return fault ? { ...head, fault } : head;
  }
  const status = Number(major) > 1 ? 505 : 400;
  return { ...head, fault: { status, sentence: `client sent invalid version ${LINE}` } };
}

/** Methods that no server behind a gateway is to see. */
function methodFault(method: string, target: string): HeadFault | undefined {
  if (method === "TRACE") return { status: 405, sentence: `client sent TRACE method ${LINE}` };
  if (method !== "CONNECT") return undefined;
  // The target of CONNECT is a host with its port and nothing else (RFC 9110 9.3.6).
  return /^[^/]+:\d+$/.test(target)
    ? { status: 405, sentence: `client sent CONNECT method ${LINE}` }
    : { status: 400, sentence: `client sent invalid request ${LINE}` };
}

/**
 * A whole head: request line, fields, and the empty line at its end. `last`: what the connection
 * received before; a client that goes on with the same fields, byte for byte, needs them read once.
 */
export function parseRequestHead(
  text: string,
  { fieldsMax, keepsOddNames = false }: FieldLimits,
  last?: FieldBlock,
): RequestHead {
  const lineEnd = text.indexOf("\n");
  const line = withoutCr(lineEnd === -1 ? text : text.slice(0, lineEnd));
  const head = parseRequestLine(line);
  if (head.fault) return head;
  const { method, target, version } = head;
  const block = text.slice(lineEnd + 1);
  if (last?.text === block) return { method, target, version, fields: last.fields, line };
  const fields: HeaderField[] = [];
  const from = lineEnd + 1;
  const found = readFields(fields, text, { from, countMax: fieldsMax, keepsOddNames });
  if (found === undefined) {
    if (last) {
      last.text = block;
      last.fields = fields;
    }
    return { method, target, version, fields, line };
  }
  const fault = found.tooMany
    ? tooLarge("client sent too many header lines")
    : invalidField(found.line);
  return { ...head, fields, fault };
}

/** Which fields a head may have. */
export interface FieldLimits {
  /** `max_headers`. */
  readonly fieldsMax: number;
  /** Valid names with other signs than letters, digits and "-" are kept. Default: left out, as nginx does. */
  readonly keepsOddNames?: boolean;
}

/** The fields of the last head of a connection, with their text. */
export interface FieldBlock {
  text: string;
  fields: readonly HeaderField[];
}

export interface FieldsFault {
  /** The line at which reading stopped. */
  readonly line: string;
  readonly tooMany: boolean;
}

/**
 * Reads the field lines of a head into `fields`, from `from` to the empty line. Names that are valid
 * but not of letters, digits and "-" are left out unless `keepsOddNames`.
 * @returns undefined: all are valid.
 */
export function readFields(
  fields: HeaderField[],
  text: string,
  options: { readonly from: number; readonly countMax: number; readonly keepsOddNames?: boolean },
): FieldsFault | undefined {
  let at = options.from;
  const isClean = !FORBIDDEN.test(text);
  let count = 0;
  while (at < text.length) {
    const lineFeed = text.indexOf("\n", at);
    const lineEnd = lineFeed === -1 ? text.length : lineFeed;
    const end = text.charCodeAt(lineEnd - 1) === 0x0d ? lineEnd - 1 : lineEnd;
    if (end <= at) return undefined;
    if (++count > options.countMax) return { line: text.slice(at, end), tooMany: true };
    const colon = text.indexOf(":", at);
    const name = colon === -1 || colon > end ? "" : text.slice(at, colon);
    const { text: spelling, lower, use } = FIELD_NAMES.find(name);
    if (use === "refuse" || (!isClean && FORBIDDEN.test(text.slice(at, end)))) {
      return { line: text.slice(at, end), tooMany: false };
    }
    if (use === "keep" || options.keepsOddNames === true) {
      fields.push([spelling, trimBlanks(text, colon + 1, end), lower]);
    }
    at = lineEnd + 1;
  }
  return undefined;
}

/** One field line without its end; undefined: invalid. For trailers. */
export function parseField(line: string): HeaderField | undefined {
  const colon = line.indexOf(":");
  if (colon <= 0 || FORBIDDEN.test(line) || line.includes("\r")) return undefined;
  const name = line.slice(0, colon);
  return isToken(name) ? [name, trimBlanks(line, colon + 1, line.length)] : undefined;
}

/** The fault of a head that does not fit into the buffers. */
export function tooLarge(sentence: string): HeadFault {
  return { status: 494, sentence: `${sentence} ${HEADERS}` };
}

export const URI_TOO_LONG: HeadFault = {
  status: 414,
  sentence: `client sent too long URI ${LINE}`,
};

export const HEAD_TIMED_OUT: HeadFault = {
  status: 408,
  sentence: `client timed out (110: Connection timed out) ${HEADERS}`,
};

function invalidField(line: string): HeadFault {
  // What a client sent is shown cut and without control characters: it must not forge a line of the log.
  // eslint-disable-next-line no-control-regex
  const shown = line.slice(0, 100).replace(/[\0-\x1f\x7f]/g, "?");
  return { status: 400, sentence: `client sent invalid header line: "${shown}" ${HEADERS}` };
}

function withoutCr(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

/** Without spaces and tabs at both ends; `trim` would also take bytes such as U+00A0. */
function trimBlanks(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
