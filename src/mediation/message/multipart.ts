/**
 * Multipart bodies (RFC 2046 5.1) as bytes: cut into parts with their fields, and written. Used by the builders and
 * formatters for multipart/form-data and multipart/related; bounded in parts and in the size of their heads.
 */
import { MediationFault } from "../mediation-fault.ts";

export interface BodyPart {
  /** By name in lower case; of repeated fields the first. */
  readonly fields: ReadonlyMap<string, string>;
  readonly content: Buffer;
}

/** More parts, or a longer head of one, are refused. */
export const PARTS_MAX = 1_000;
const HEAD_BYTES_MAX = 16 * 1024;
const CRLF = "\r\n";

/** @throws MediationFault when the boundary is missing or the parts do not come to their end. */
export function readParts(bytes: Buffer, boundary: string | undefined): readonly BodyPart[] {
  if (boundary === undefined || boundary === "" || boundary.length > 200)
    throw fault("The Content-Type of a multipart message needs a boundary parameter");
  const delimiter = Buffer.from(`--${boundary}`, "latin1");
  const parts: BodyPart[] = [];
  let at = bytes.indexOf(delimiter);
  while (at !== -1) {
    const start = at + delimiter.length;
    if (bytes.toString("latin1", start, start + 2) === "--") return parts;
    const lineEnd = bytes.indexOf("\n", start);
    const next = nextDelimiter(bytes, delimiter, lineEnd);
    if (lineEnd === -1 || next === undefined) break;
    if (parts.length === PARTS_MAX) throw fault(`There are more than ${PARTS_MAX} parts`);
    parts.push(readPart(bytes.subarray(lineEnd + 1, next.contentEnd)));
    at = next.at;
  }
  throw fault("The last part of a multipart message does not end with its boundary");
}

/** A delimiter stands at the beginning of a line; the line end before it is its own. */
function nextDelimiter(
  bytes: Buffer,
  delimiter: Buffer,
  from: number,
): { readonly at: number; readonly contentEnd: number } | undefined {
  let at = bytes.indexOf(delimiter, Math.max(from, 0));
  while (at !== -1 && bytes[at - 1] !== 0x0a) at = bytes.indexOf(delimiter, at + 1);
  if (at === -1) return undefined;
  const contentEnd = bytes[at - 2] === 0x0d ? at - 2 : at - 1;
  return { at, contentEnd: Math.max(contentEnd, from + 1) };
}

function readPart(bytes: Buffer): BodyPart {
  const head = bytes.toString("latin1", 0, HEAD_BYTES_MAX);
  const empty = /^\r?\n/.exec(head) ?? /\r?\n\r?\n/.exec(head);
  if (!empty) throw fault("A part of a multipart message has no empty line behind its fields");
  const fields = new Map<string, string>();
  const unfolded = head.slice(0, empty.index).replaceAll(/\r?\n[ \t]+/g, " ");
  for (const line of unfolded.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    if (name !== "" && !fields.has(name)) fields.set(name, line.slice(colon + 1).trim());
  }
  const content = bytes.subarray(empty.index + empty[0].length);
  return { fields, content: decodeTransfer(content, fields.get("content-transfer-encoding")) };
}

function decodeTransfer(content: Buffer, encoding: string | undefined): Buffer {
  return encoding?.toLowerCase() === "base64"
    ? Buffer.from(content.toString("latin1"), "base64")
    : content;
}

/** A parameter of a field such as Content-Disposition; UTF-8 in plain bytes is read as such. */
export function fieldParameter(value: string | undefined, name: string): string | undefined {
  const found = new RegExp(`;\\s*${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]*))`, "i").exec(
    value ?? "",
  );
  if (!found) return undefined;
  const text = found[1]?.replaceAll(/\\(["\\])/g, "$1") ?? found[2] ?? "";
  return Buffer.from(text, "latin1").toString("utf8");
}

/** Writes parts: fields as lines, text as UTF-8. The boundary must be in no content. */
export function writeParts(
  parts: readonly { readonly fields: readonly string[]; readonly content: string }[],
  boundary: string,
): Buffer {
  const pieces = parts.map(
    ({ fields, content }) =>
      `--${boundary}${CRLF}${fields.join(CRLF)}${CRLF}${CRLF}${content}${CRLF}`,
  );
  return Buffer.from(`${pieces.join("")}--${boundary}--${CRLF}`, "utf8");
}

function fault(sentence: string): MediationFault {
  return new MediationFault(`Error while building message. ${sentence}`);
}
