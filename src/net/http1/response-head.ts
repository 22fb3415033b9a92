/**
 * Responses as bytes: the head as one latin1 string, how the end of the body is marked (RFC 9112 6.3), and the
 * chunked coding of a body whose length is not known.
 */
import { firstValue, type HeaderField, safeValue } from "./header-field.ts";
import type { RequestHead } from "./request-head.ts";

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  /** Without Connection and Transfer-Encoding: they are added here. */
  readonly fields: readonly HeaderField[];
  /** The fields as they go out, with their line ends, where somebody has that text already. */
  readonly fieldsText?: string | undefined;
  /** The connection serves no other request after this one. Default: it may. */
  readonly closes?: boolean;
  /** Fields behind a chunked body, asked for at its end. Default: none. */
  readonly trailers?: () => readonly HeaderField[];
  /** A body of unknown length ends with the connection. Default: it is sent in chunks to those who know them. */
  readonly neverChunked?: boolean;
}

/** none: there is no body whatever the head says; close: the end of the connection is the end of the body. */
export type ResponseFraming = "none" | "length" | "chunked" | "close";

/** @param hasBody the caller has a body to send. */
export function responseFraming(
  request: RequestHead,
  { status, fields, trailers, neverChunked }: ResponseHead,
  hasBody: boolean,
): ResponseFraming {
  if (request.method === "HEAD" || status < 200 || status === 204 || status === 304) return "none";
  if (trailers && request.version === "1.1") return "chunked";
  if (!hasBody || firstValue(fields, "content-length") !== undefined) return "length";
  return request.version === "1.1" && neverChunked !== true ? "chunked" : "close";
}

/** The head with its empty line. `connection`: the value of that field. */
export function formatResponseHead(
  { status, reason, fields, fieldsText = formatFields(fields) }: ResponseHead,
  { framing, connection }: { readonly framing: ResponseFraming; readonly connection: string },
): string {
  const hasLength = framing !== "length" || firstValue(fields, "content-length") !== undefined;
  const end = framing === "chunked" ? CHUNKED : hasLength ? "" : NO_LENGTH;
  return `HTTP/1.1 ${status} ${reason}\r\n${fieldsText}${end}Connection: ${connection}\r\n\r\n`;
}

const CHUNKED = "Transfer-Encoding: chunked\r\n";
const NO_LENGTH = "Content-Length: 0\r\n";

/** Field lines with their ends. */
export function formatFields(fields: readonly HeaderField[]): string {
  let text = "";
  for (const field of fields) {
    // Values that were parsed hold no line ends.
    const value = field[2] === undefined ? safeValue(field[1]) : field[1];
    text += `${field[0]}: ${value}\r\n`;
  }
  return text;
}

/** What stands before the data of a chunk; behind it comes a line end. */
export function chunkStart(bytes: number): string {
  return `${bytes.toString(16)}\r\n`;
}

/** The last chunk with its trailers. */
export function formatLastChunk(trailers: readonly HeaderField[] = []): string {
  return `0\r\n${trailers.map(([name, value]) => `${name}: ${safeValue(value)}\r\n`).join("")}\r\n`;
}
