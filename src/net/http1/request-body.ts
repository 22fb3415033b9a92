/**
 * The body of a request as a stream: the connection feeds it what it receives, the decoder finds the end. A body
 * that nobody reads any more is dropped as it comes, so that the next request can be found behind it.
 */
import { Readable } from "node:stream";
import type { BodyDecoder } from "./body-decoder.ts";

/** Why a body broke off on the client's side. */
export class BodyFault extends Error {
  /** 400: it cannot be read; 408: it did not come in time; 499: the client has gone. */
  readonly status: 400 | 408 | 499;

  constructor(status: 400 | 408 | 499, sentence: string) {
    super(sentence);
    this.name = "BodyFault";
    this.status = status;
  }
}

export class RequestBody extends Readable {
  readonly #decoder: BodyDecoder;
  readonly #onWanted: () => void;
  #wanted = false;
  #complete = false;
  #broken = false;
  #received = 0;

  /** @param onWanted the reader waits for data. */
  constructor(decoder: BodyDecoder, onWanted: () => void) {
    super();
    this.#decoder = decoder;
    this.#onWanted = onWanted;
    // Whoever reads is told as well; without a reader nobody needs to know.
    this.on("error", () => {});
  }

  /** All of it was received. */
  get complete(): boolean {
    return this.#complete;
  }

  /** The end will never be found. */
  get broken(): boolean {
    return this.#broken;
  }

  /** More is of use now. */
  get wanted(): boolean {
    return this.#wanted || this.destroyed;
  }

  /** Bytes that were received for it, chunk sizes and trailers included. */
  get received(): number {
    return this.#received;
  }

  override _read(): void {
    if (this.#wanted || this.#complete) return;
    this.#wanted = true;
    this.#onWanted();
  }

  /** Takes what was received. @returns what follows the body. */
  feed(input: Buffer): Buffer {
    let at = 0;
    while (!this.#complete && !this.#broken) {
      const step = this.#decoder.take(input, at);
      if (step.kind === "more") {
        at = input.length;
        break;
      }
      if (step.kind === "fault") this.break(new BodyFault(400, step.sentence));
      else at += step.used;
      if (step.kind === "data") this.#deliver(step.data);
      if (step.kind === "end") this.#finish();
    }
    this.#received += at;
    return input.subarray(at);
  }

  /** The body will not come to its end. */
  break(fault: BodyFault): void {
    if (this.#complete) return;
    this.#broken = true;
    this.destroy(fault);
  }

  #deliver(data: Buffer): void {
    if (!this.destroyed && !this.push(data)) this.#wanted = false;
  }

  #finish(): void {
    this.#complete = true;
    if (!this.destroyed) this.push(null);
  }
}
