/**
 * Reads requests with the codec as a connection does: heads, framing, bodies, one after the other. The one place of the
 * property tests that knows how HeadReader and the decoders are called.
 */
import assert from "node:assert/strict";
import {
  type BodyDecoder,
  ChunkedDecoder,
  LengthDecoder,
} from "../../src/net/http1/body-decoder.ts";
import { requestFraming } from "../../src/net/http1/body-framing.ts";
import { type HeadLimits, HeadReader } from "../../src/net/http1/head-reader.ts";

/** nginx's defaults. */
export const HEAD_LIMITS: HeadLimits = {
  firstBufferBytes: 1024,
  largeBufferBytes: 8192,
  largeBufferCount: 4,
  fieldsMax: 1000,
};

export interface ReadRequest {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly fields: readonly (readonly [string, string])[];
  body: string;
  trailers: readonly (readonly [string, string])[];
  end: "complete" | "unfinished" | "fault";
  /** Of a fault; 400 for a body that cannot be read. */
  status: number | undefined;
}

class CodecReader {
  readonly requests: ReadRequest[] = [];
  readonly #limits: HeadLimits;
  readonly #heads = new HeadReader();
  #decoder: BodyDecoder | undefined;
  #current: ReadRequest | undefined;
  #stepsLeft: number;

  constructor(limits: HeadLimits, stepsMax: number) {
    this.#limits = limits;
    this.#stepsLeft = stepsMax;
  }

  /** @returns false: a fault, nothing more can be read. */
  receive(piece: Buffer): boolean {
    let rest: Buffer | undefined = piece;
    while (rest && (rest.length > 0 || this.#decoder)) {
      assert.ok(this.#stepsLeft-- > 0, "the codec makes no progress");
      rest = this.#decoder ? this.#takeBody(this.#decoder, rest) : this.#takeHead(rest);
    }
    return this.#current?.end !== "fault";
  }

  #takeHead(input: Buffer): Buffer | undefined {
    const step = this.#heads.take(input, this.#limits);
    if (step.kind === "more") return undefined;
    const { method, target, version, fault } = step.head;
    const fields = step.head.fields.map(([name, value]) => [name, value] as const);
    const framing = fault ? undefined : requestFraming(step.head);
    const status = framing?.kind === "fault" ? framing.fault.status : fault?.status;
    const end =
      status === undefined ? (framing?.kind === "none" ? "complete" : "unfinished") : "fault";
    this.#current = { method, target, version, fields, body: "", trailers: [], end, status };
    this.requests.push(this.#current);
    if (framing?.kind === "length") this.#decoder = new LengthDecoder(framing.bytes);
    if (framing?.kind === "chunked") this.#decoder = new ChunkedDecoder();
    return end === "fault" ? undefined : step.rest;
  }

  #takeBody(decoder: BodyDecoder, input: Buffer): Buffer | undefined {
    const step = decoder.take(input, 0);
    const current = this.#current;
    if (step.kind === "more" || !current) return undefined;
    if (step.kind === "fault") {
      current.end = "fault";
      current.status = 400;
      return undefined;
    }
    if (step.kind === "data") {
      assert.ok(step.data.length > 0 && step.used > 0, "a piece of data is not empty");
      current.body += step.data.toString("latin1");
    } else {
      const trailers = decoder instanceof ChunkedDecoder ? decoder.trailers : [];
      current.trailers = trailers.map(([name, value]) => [name, value] as const);
      current.end = "complete";
      this.#decoder = undefined;
    }
    return input.subarray(step.used);
  }
}

/**
 * The requests in `pieces`, the last one perhaps unfinished (its head: not yet there); nothing is read behind a fault. Each
 * piece is overwritten after it was read, as the receive buffer of a socket is.
 */
export function readRequests(
  pieces: readonly Buffer[],
  limits: HeadLimits = HEAD_LIMITS,
): readonly ReadRequest[] {
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const reader = new CodecReader(limits, 3 * bytes + 2 * pieces.length + 10);
  for (const piece of pieces) {
    const received = Buffer.from(piece);
    const goesOn = reader.receive(received);
    received.fill("!");
    if (!goesOn) break;
  }
  return reader.requests;
}

/** `bytes` in pieces that end at the places of `cuts`, each between 0 and 1 of the whole. */
export function cutAt(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const places = cuts.map((cut) => Math.floor(cut * bytes.length)).sort((a, b) => a - b);
  const edges = [0, ...places, bytes.length];
  return edges
    .slice(1)
    .map((edge, at) => bytes.subarray(edges[at], edge))
    .filter((piece) => piece.length > 0);
}

/** A byte at a time. */
export function inBytes(bytes: Buffer): readonly Buffer[] {
  return Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
}
