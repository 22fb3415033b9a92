/**
 * The head of a request: one string of bytes → method, target, version and fields, or the fault for which it is
 * refused (RFC 9112 2.2, 3 and 5; ngx_http_parse.c). Bare LF ends a line as in nginx; whatever two
 * parties could read in two ways is a fault. Pure; head-reader.ts finds where a head ends.
 */
import type { HeaderField } from "./header-field.ts";

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
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const KEPT_NAME = /^[A-Za-z0-9-]+$/;
/** Control characters but HTAB, CR, LF; and a CR that ends no line. */
// eslint-disable-next-line no-control-regex
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)/;

/** A head of which nothing is known but its fault. */
export function faultyHead(fault: HeadFault, line = ""): RequestHead {
  const [method = "", target = ""] = line.split(" ");
  return { method, target, version: "1.0", fields: [], line, fault };
}

/** The request line without its end; fields are empty. */
export function parseRequestLine(line: string): RequestHead {
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

/** A whole head: request line, fields, and the empty line at its end. */
export function parseRequestHead(text: string, fieldsMax: number): RequestHead {
  const lines = text.split("\n");
  const head = parseRequestLine(withoutCr(lines[0] ?? ""));
  if (head.fault) return head;
  const fields: HeaderField[] = [];
  let count = 0;
  for (let at = 1; at < lines.length; at++) {
    const line = withoutCr(lines[at] ?? "");
    if (line === "") break;
    if (++count > fieldsMax) {
      return { ...head, fields, fault: tooLarge("client sent too many header lines") };
    }
    const field = parseField(line);
    if (!field) return { ...head, fields, fault: invalidField(line) };
    if (KEPT_NAME.test(field[0])) fields.push(field);
  }
  return { ...head, fields };
}

/** One field line without its end; undefined: invalid. Also for trailers. */
export function parseField(line: string): HeaderField | undefined {
  const colon = line.indexOf(":");
  if (colon <= 0 || FORBIDDEN.test(line) || line.includes("\r")) return undefined;
  const name = line.slice(0, colon);
  return FIELD_NAME.test(name) ? [name, trimBlanks(line, colon + 1)] : undefined;
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
function trimBlanks(text: string, from: number): string {
  let start = from;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
