/**
 * Bodies out of bytes: one of known length, and one in chunks with extensions and trailers (RFC 9112 7.1).
 * `take` gives the next piece of what was received; where the input is cut makes no difference to
 * the result. Extensions are skipped, trailers are checked and kept. Used on both sides; knows no socket.
 */
import type { HeaderField } from "./header-field.ts";
import { parseField } from "./request-head.ts";

/** `used`: bytes of the input that the step took. */
export type BodyStep =
  | { readonly kind: "data"; readonly data: Buffer; readonly used: number }
  /** The input is used up and the body is not over. */
  | { readonly kind: "more" }
  | { readonly kind: "end"; readonly used: number }
  | { readonly kind: "fault"; readonly what: string };

export interface BodyDecoder {
  /** The next step for `input` from `from` on. After "end" and "fault" nothing may be taken. */
  take(input: Buffer, from: number): BodyStep;
}

const MORE: BodyStep = { kind: "more" };

/** A body that the end of the connection ends. */
export class UntilCloseDecoder implements BodyDecoder {
  take(input: Buffer, from: number): BodyStep {
    if (from === input.length) return MORE;
    return { kind: "data", data: input.subarray(from), used: input.length - from };
  }
}

/** A body of `bytes` bytes, more than 0. */
export class LengthDecoder implements BodyDecoder {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  take(input: Buffer, from: number): BodyStep {
    if (this.#left === 0) return { kind: "end", used: 0 };
    const used = Math.min(this.#left, input.length - from);
    if (used === 0) return MORE;
    this.#left -= used;
    const isWhole = from === 0 && used === input.length;
    return { kind: "data", data: isWhole ? input : input.subarray(from, from + used), used };
  }
}

/** Longest line of a chunk's size with its extensions, and of one trailer, in bytes. */
const LINE_BYTES_MAX = 4096;
/** Most trailers. */
const TRAILER_COUNT_MAX = 100;
/** 13 digits hold every length below 2^52. */
// eslint-disable-next-line no-control-regex
const SIZE_FORM = /^([0-9A-Fa-f]{1,13})[ \t]*(?:;[^\0-\x08\x0a-\x1f\x7f]*)?$/;
const LF = 0x0a;

const TOO_MUCH = fault("data beyond the size of a chunk");

type Awaited = "size" | "data" | "data end" | "trailer";

export class ChunkedDecoder implements BodyDecoder {
  readonly #trailers: HeaderField[] = [];
  #awaited: Awaited = "size";
  #left = 0;
  /** The line that has not come to its end. */
  #line = "";

  /** The fields behind the last chunk, complete after "end". */
  get trailers(): readonly HeaderField[] {
    return this.#trailers;
  }

  take(input: Buffer, from: number): BodyStep {
    let at = from;
    while (at < input.length) {
      if (this.#awaited === "data") {
        const end = Math.min(input.length, at + this.#left);
        this.#left -= end - at;
        if (this.#left === 0) this.#awaited = "data end";
        return { kind: "data", data: input.subarray(at, end), used: end - from };
      }
      const lineFeed = input.indexOf(LF, at);
      const end = lineFeed === -1 ? input.length : lineFeed;
      if (end - at + this.#line.length > LINE_BYTES_MAX) return fault("too long line");
      this.#line += input.toString("latin1", at, end);
      if (lineFeed === -1) return this.#isTooMuch() ? TOO_MUCH : MORE;
      at = end + 1;
      const over = this.#takeLine();
      if (typeof over === "object") return over;
      if (over) return { kind: "end", used: at - from };
    }
    return MORE;
  }

  /** Behind the data of a chunk stands something besides a line end. */
  #isTooMuch(): boolean {
    return this.#awaited === "data end" && this.#line !== "" && this.#line !== "\r";
  }

  /** @returns true: the body is over. */
  #takeLine(): boolean | BodyStep {
    const line = this.#line.endsWith("\r") ? this.#line.slice(0, -1) : this.#line;
    this.#line = "";
    if (this.#awaited === "data end") {
      this.#awaited = "size";
      return line === "" ? false : TOO_MUCH;
    }
    if (this.#awaited === "size") return this.#takeSize(line);
    if (line === "") return true;
    const field = parseField(line);
    if (!field) return fault("trailer");
    if (this.#trailers.length === TRAILER_COUNT_MAX) return fault("number of trailers");
    this.#trailers.push(field);
    return false;
  }

  #takeSize(line: string): false | BodyStep {
    const digits = SIZE_FORM.exec(line)?.[1];
    if (digits === undefined) return fault("size of a chunk");
    this.#left = Number.parseInt(digits, 16);
    this.#awaited = this.#left === 0 ? "trailer" : "data";
    return false;
  }
}

/** What is wrong with the body. */
function fault(what: string): BodyStep {
  return { kind: "fault", what };
}
