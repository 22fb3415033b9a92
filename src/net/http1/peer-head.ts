/**
 * The head of a peer's response: found in what a connection receives, parsed, and its body's end known (RFC 9112 4, 5
 * and 6.3; ngx_http_proxy_process_header). Bare LF ends a line as in nginx; what two parties could read in
 * two ways is refused. Pure; client-connection.ts feeds it.
 */
import {
  type BodyDecoder,
  ChunkedDecoder,
  LengthDecoder,
  UntilCloseDecoder,
} from "./body-decoder.ts";
import { type HeaderField, listHas, lowerNameOf } from "./header-field.ts";
import { readFields } from "./request-head.ts";

export interface PeerHead {
  readonly status: number;
  /** As the peer wrote it; may be "". */
  readonly reason: string;
  readonly fields: readonly HeaderField[];
  /** Undefined: there is no body. */
  readonly body: BodyDecoder | undefined;
  /** Of a body of known length, 0 for none; undefined: the length is not known. */
  readonly bodyBytes: number | undefined;
  /** The same head, byte for byte, came before on this connection; `fields` is the same object then. */
  readonly isRepeated: boolean;
  /** The peer takes another request on this connection afterwards. */
  readonly keepsAlive: boolean;
}

export type PeerHeadStep =
  | { readonly kind: "more" }
  /** `used`: bytes of the last chunk that belong to the head. */
  | { readonly kind: "head"; readonly head: PeerHead; readonly used: number }
  | { readonly kind: "fault"; readonly sentence: string };

const MORE: PeerHeadStep = { kind: "more" };
const NO_HEAD = fault("upstream sent no valid HTTP/1.0 header");
/** A peer that begins otherwise speaks another protocol, and may wait for an answer for ever. */
const VERSION_START = "HTTP/1.";
/** Most fields of a response; nginx has no number, its buffer bounds them. */
const FIELDS_MAX = 10_000;

export class PeerHeadReader {
  #text = "";
  /** A peer that answers with the same head again, byte for byte, needs it read once. */
  #last: PeerHead | undefined;
  #lastText = "";
  #lastMethod = "";

  get isEmpty(): boolean {
    return this.#text === "";
  }

  /**
   * Takes what was received.
   * @param bytesMax of the whole head (`proxy_buffer_size`).
   * @param method of the request: HEAD has no body in return.
   */
  take(chunk: Buffer, bytesMax: number, method: string): PeerHeadStep {
    const before = this.#text.length;
    const text =
      this.#text + chunk.toString("latin1", 0, Math.min(chunk.length, bytesMax - before));
    const end = endOfHead(text, Math.max(0, before - 3));
    if (end === -1) {
      if (!VERSION_START.startsWith(text.slice(0, VERSION_START.length))) return NO_HEAD;
      if (text.length >= bytesMax) return fault("upstream sent too big header");
      this.#text = text;
      return MORE;
    }
    this.#text = "";
    const used = end - before;
    const headText = text.slice(0, end);
    if (headText === this.#lastText && method === this.#lastMethod && this.#last) {
      return { kind: "head", head: withBody(this.#last), used };
    }
    const step = parsePeerHead(headText, method, used);
    if (step.kind === "head") {
      this.#last = step.head;
      this.#lastText = headText;
      this.#lastMethod = method;
    }
    return step;
  }
}

/** The head again, for another body. */
function withBody(head: PeerHead): PeerHead {
  const { status, reason, fields, bodyBytes, keepsAlive } = head;
  const body = !head.body
    ? undefined
    : head.body instanceof ChunkedDecoder
      ? new ChunkedDecoder()
      : head.body instanceof LengthDecoder
        ? new LengthDecoder(bodyBytes ?? 0)
        : new UntilCloseDecoder();
  return { status, reason, fields, body, bodyBytes, isRepeated: true, keepsAlive };
}

/** Where the body starts; -1: not there yet. */
function endOfHead(text: string, from: number): number {
  let lineFeed = text.indexOf("\n", from);
  while (lineFeed !== -1) {
    const next = text.charCodeAt(lineFeed + 1);
    if (next === 0x0a) return lineFeed + 2;
    if (next === 0x0d && text.charCodeAt(lineFeed + 2) === 0x0a) return lineFeed + 3;
    lineFeed = text.indexOf("\n", lineFeed + 1);
  }
  return -1;
}

const STATUS_LINE = /^HTTP\/1\.(\d) +([1-9]\d\d)(?: ([^\0\r\n]*))?\r?\n/;

function parsePeerHead(text: string, method: string, used: number): PeerHeadStep {
  const match = STATUS_LINE.exec(text);
  if (!match) return NO_HEAD;
  const [line, minor, digits = "", reason = ""] = match;
  const fields: HeaderField[] = [];
  const options = { from: line.length, countMax: FIELDS_MAX, keepsOddNames: true };
  if (readFields(fields, text, options)) return fault("upstream sent invalid header");
  const status = Number(digits);
  if (status === 101) {
    const head = {
      status,
      reason,
      fields,
      body: undefined,
      bodyBytes: 0,
      isRepeated: false,
      keepsAlive: false,
    };
    return { kind: "head", head, used };
  }
  return framed({ status, reason, fields, isHttp10: minor === "0" }, method, used);
}

interface Unframed {
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly HeaderField[];
  readonly isHttp10: boolean;
}

function framed(
  { status, reason, fields, isHttp10 }: Unframed,
  method: string,
  used: number,
): PeerHeadStep {
  let length: string | undefined;
  let coding: string | undefined;
  let keepsAlive = !isHttp10;
  for (const field of fields) {
    const lower = lowerNameOf(field);
    const [, value] = field;
    if (lower === "content-length") {
      if (length !== undefined) return fault("upstream sent duplicate header line");
      length = value;
    } else if (lower === "transfer-encoding") {
      if (coding !== undefined) return fault("upstream sent duplicate header line");
      coding = value;
    } else if (lower === "connection") {
      if (listHas(value, "close")) keepsAlive = false;
      else if (isHttp10 && listHas(value, "keep-alive")) keepsAlive = true;
    }
  }
  const bodyBytes = length === undefined ? undefined : Number(length);
  if (length !== undefined && !(/^\d+$/.test(length) && Number.isSafeInteger(bodyBytes))) {
    return fault('upstream sent invalid "Content-Length" header');
  }
  if (coding !== undefined && length !== undefined) {
    return fault('upstream sent "Content-Length" and "Transfer-Encoding" headers at the same time');
  }
  if (coding !== undefined && coding.toLowerCase() !== "chunked") {
    return fault('upstream sent unknown "Transfer-Encoding"');
  }
  // 204 has no body (RFC 9110 15.3.5): a peer that announces one may send it, and it would be the next answer.
  if (status === 204 && (coding !== undefined || (bodyBytes ?? 0) > 0)) keepsAlive = false;
  const head = { status, reason, fields, keepsAlive, isRepeated: false };
  if (method === "HEAD" || status < 200 || status === 204 || status === 304 || bodyBytes === 0) {
    return { kind: "head", head: { ...head, body: undefined, bodyBytes: 0 }, used };
  }
  if (coding !== undefined) {
    const body = new ChunkedDecoder();
    return { kind: "head", head: { ...head, body, bodyBytes: undefined }, used };
  }
  if (bodyBytes !== undefined) {
    return { kind: "head", head: { ...head, body: new LengthDecoder(bodyBytes), bodyBytes }, used };
  }
  const body = new UntilCloseDecoder();
  return { kind: "head", head: { ...head, body, bodyBytes: undefined, keepsAlive: false }, used };
}

function fault(sentence: string): PeerHeadStep {
  return { kind: "fault", sentence };
}
