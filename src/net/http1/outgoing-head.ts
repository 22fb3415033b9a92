/**
 * The head of an outgoing request as text, written anew whatever the fields say about the connection and the length
 * (RFC 9112 3, 6.3): nothing in it can begin a line, a field or a request of its own. Pure; client-exchange.ts writes it.
 */
import { CONNECTION_FIELDS } from "../connection-fields.ts";
import { type HeaderField, isToken, lowerNameOf } from "./header-field.ts";

/** Undefined: no body, and nothing about it; "chunked": its length is not known. */
export type OutgoingLength = number | "chunked" | undefined;

export interface OutgoingHead {
  readonly method: string;
  /** What stands in the request line: path and query, or a whole URL. */
  readonly target: string;
  readonly version: "1.0" | "1.1";
  /** Where the fields have no Host. */
  readonly host: string;
  readonly fields: readonly HeaderField[];
  /** Where the fields have no Authorization. Undefined: none. */
  readonly authorization: string | undefined;
  readonly length: OutgoingLength;
  /** The connection serves no other request. */
  readonly closes: boolean;
}

/** Bytes that end a request line early, and what is no byte. */
const BAD_TARGET = /[^\x21-\xff]|\x7f/;
const BAD_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
/** Written here, or never sent: a body goes out with its head, without waiting for 100. */
const OWN_FIELDS: ReadonlySet<string> = new Set([...CONNECTION_FIELDS, "content-length", "expect"]);
/** A server may wait for the length of their body (RFC 9110 8.6). */
const WITH_BODY: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

/** One character a byte, the empty line included. @throws TypeError naming what HTTP does not allow. */
export function outgoingHead(head: OutgoingHead): string {
  const { method, target, version, length, closes } = head;
  if (!isKnown(method) && !isToken(method)) throw fault("method", method);
  if (BAD_TARGET.test(target) || target === "") throw fault("address", target);
  let text = "";
  let host: string | undefined = head.host;
  let authorization = head.authorization;
  for (const field of head.fields) {
    const lower = lowerNameOf(field);
    if (OWN_FIELDS.has(lower)) continue;
    if (lower === "host") {
      // A second one leaves open which of them counts (RFC 9112 3.2).
      if (host === undefined) continue;
      host = undefined;
    } else if (lower === "authorization") authorization = undefined;
    // What was parsed is as it must be.
    if (field[2] === undefined) checkField(field);
    text += `${field[0]}: ${field[1]}\r\n`;
  }
  const first = host === undefined ? "" : `Host: ${host}\r\n`;
  if (authorization !== undefined) text += `Authorization: ${authorization}\r\n`;
  if (closes) text += "Connection: close\r\n";
  if (length === "chunked") text += "Transfer-Encoding: chunked\r\n";
  else if (length !== undefined) text += `Content-Length: ${length}\r\n`;
  else if (WITH_BODY.has(method)) text += "Content-Length: 0\r\n";
  return `${method} ${target} HTTP/${version}\r\n${first}${text}\r\n`;
}

function isKnown(method: string): boolean {
  return method === "GET" || WITH_BODY.has(method);
}

function checkField([name, value]: HeaderField): void {
  if (!isToken(name)) throw fault("name of a header field", name);
  if (BAD_VALUE.test(value)) throw fault(`value of the header field ${name}`, value);
}

function fault(what: string, text: string): TypeError {
  return new TypeError(`HTTP does not allow this ${what}: ${JSON.stringify(text.slice(0, 100))}`);
}
