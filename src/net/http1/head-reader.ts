/**
 * Finds the end of each request head in what a connection receives, within nginx's buffers
 * (`client_header_buffer_size`, `large_client_header_buffers`), and hands it to the parser. Keeps only the
 * head that is not complete yet. Used by server-connection.ts; knows no socket.
 */
import {
  faultyHead,
  type FieldBlock,
  type FieldLimits,
  parseRequestHead,
  parseRequestLine,
  type RequestHead,
  tooLarge,
  URI_TOO_LONG,
} from "./request-head.ts";

/** Bounds of a head, in bytes. */
export interface HeadLimits extends FieldLimits {
  /** `client_header_buffer_size`. */
  readonly firstBufferBytes: number;
  /** `large_client_header_buffers`: no line may be longer than one of them. */
  readonly largeBufferBytes: number;
  readonly largeBufferCount: number;
}

export type HeadStep =
  | { readonly kind: "more" }
  /** `rest`: what followed the head. After a fault nothing more can be read. */
  | {
      readonly kind: "head";
      readonly head: RequestHead;
      readonly rest: Buffer;
      readonly bytes: number;
    };

const MORE: HeadStep = { kind: "more" };
const NOTHING = Buffer.alloc(0);
/** Most heads end within so many bytes. */
const LOOK_BYTES = 2048;

export class HeadReader {
  #text = "";
  /** From here on the end is looked for. */
  #scanFrom = 0;
  #lineChecked = false;
  readonly #sizes = new LineSizes();
  readonly #last: FieldBlock = { text: "", fields: [] };

  /** Nothing of a head has come yet. */
  get isEmpty(): boolean {
    return this.#text === "";
  }

  /** The request line, as far as it has come. */
  get line(): string {
    return this.#text.split(/\r?\n/, 1)[0] ?? "";
  }

  /** Takes what was received. */
  take(chunk: Buffer, limits: HeadLimits): HeadStep {
    const before = this.#text.length;
    // A body behind the head is not turned into text.
    const first = chunk.toString("latin1", 0, LOOK_BYTES);
    const skipped = before === 0 ? lineEndsBefore(first) : 0;
    if (skipped === LOOK_BYTES) return this.take(chunk.subarray(LOOK_BYTES), limits);
    this.#text = before === 0 ? first.slice(skipped) : this.#text + first;
    let end = this.#findEnd();
    if (end === -1 && chunk.length > LOOK_BYTES) {
      this.#text += chunk.toString("latin1", LOOK_BYTES);
      end = this.#findEnd();
    }
    if (end === -1) return this.#checkUnfinished(limits);
    const text = end === this.#text.length ? this.#text : this.#text.slice(0, end);
    const used = skipped + end - before;
    const rest = used === chunk.length ? NOTHING : chunk.subarray(used);
    const head = this.#sizes.check(text, limits) ?? parseRequestHead(text, limits, this.#last);
    this.#reset();
    return { kind: "head", head, rest, bytes: text.length };
  }

  /** Where the body starts: behind the first empty line; -1: not received yet. */
  #findEnd(): number {
    const text = this.#text;
    let lineFeed = text.indexOf("\n", this.#scanFrom);
    while (lineFeed !== -1) {
      const next = text.charCodeAt(lineFeed + 1);
      if (next === 0x0a) return lineFeed + 2;
      if (next === 0x0d && text.charCodeAt(lineFeed + 2) === 0x0a) return lineFeed + 3;
      lineFeed = text.indexOf("\n", lineFeed + 1);
    }
    this.#scanFrom = Math.max(0, text.length - 2);
    return -1;
  }

  /** What is wrong already is said before the rest comes, which may be never. */
  #checkUnfinished(limits: HeadLimits): HeadStep {
    let head = this.#sizes.check(this.#text, limits);
    if (!head && !this.#lineChecked) {
      const lineEnd = this.#text.indexOf("\n");
      const isDoubtful = lineEnd !== -1 || !/^[A-Z_-]*(?: |$)/.test(this.#text.slice(0, 64));
      this.#lineChecked = lineEnd !== -1;
      const line = isDoubtful ? parseRequestLine(this.line) : undefined;
      if (line?.fault) head = line;
    }
    if (!head) return MORE;
    const bytes = this.#text.length;
    this.#reset();
    return { kind: "head", head, rest: NOTHING, bytes };
  }

  #reset(): void {
    this.#text = "";
    this.#scanFrom = 0;
    this.#lineChecked = false;
    this.#sizes.reset();
  }
}

/** Empty lines before a request are skipped. */
function lineEndsBefore(text: string): number {
  let at = 0;
  while (text.charCodeAt(at) === 0x0d || text.charCodeAt(at) === 0x0a) at++;
  return at;
}

/** Where the look at the sizes of lines stands: what was looked at once is not looked at again. */
class LineSizes {
  #lineStart = 0;
  #scanned = 0;

  /** The fault of a head, finished or not, that is larger than the buffers. */
  check(text: string, limits: HeadLimits): RequestHead | undefined {
    const lineMax = Math.max(limits.firstBufferBytes, limits.largeBufferBytes);
    if (text.length <= lineMax) return undefined;
    while (this.#scanned < text.length) {
      const lineFeed = text.indexOf("\n", this.#scanned);
      this.#scanned = lineFeed === -1 ? text.length : lineFeed + 1;
      if (this.#scanned - this.#lineStart > lineMax) return this.#tooLong(text);
      if (lineFeed !== -1) this.#lineStart = this.#scanned;
    }
    const bytesMax = limits.firstBufferBytes + limits.largeBufferBytes * limits.largeBufferCount;
    return text.length > bytesMax ? refuse(text, "client sent too large request") : undefined;
  }

  reset(): void {
    this.#lineStart = 0;
    this.#scanned = 0;
  }

  #tooLong(text: string): RequestHead {
    return this.#lineStart === 0
      ? faultyHead(URI_TOO_LONG, text.slice(0, 200))
      : refuse(text, "client sent too long header line");
  }
}

function refuse(text: string, sentence: string): RequestHead {
  const line = parseRequestLine(text.split(/\r?\n/, 1)[0] ?? "");
  return line.fault ? line : { ...line, fault: tooLarge(sentence) };
}
