/**
 * The body of a request: the connection offers it what it receives, the decoder finds the end, one sink takes the
 * data. What comes before the sink is kept, and the connection reads no more until there is one.
 */
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

/** Whoever takes the body. After `onBodyEnd` or `onBodyFault` nothing more comes. */
export interface BodySink {
  /**
   * @param stays the chunk is left as it is; else it is overwritten after the call.
   * @returns false: no more until `resume`.
   */
  onBodyData(chunk: Buffer, stays: boolean): boolean;
  onBodyEnd(): void;
  onBodyFault(fault: BodyFault): void;
}

const NOTHING = Buffer.alloc(0);

export class RequestBody {
  readonly #decoder: BodyDecoder;
  readonly #onWanted: () => void;
  #sink: BodySink | undefined;
  #paused = false;
  /** Received, and not looked at yet. */
  #offered: Buffer = NOTHING;
  /** Decoded before there was a sink, or while it took nothing. */
  #kept: Buffer[] = [];
  #decoded = false;
  #fault: BodyFault | undefined;
  /** The sink has been told how it ended. */
  #told = false;
  #received = 0;

  /** @param onWanted more of the body is of use from now on. */
  constructor(decoder: BodyDecoder, onWanted: () => void) {
    this.#decoder = decoder;
    this.#onWanted = onWanted;
  }

  /** All of it was received. */
  get complete(): boolean {
    this.#digest();
    return this.#decoded;
  }

  /** The end will never be found. */
  get broken(): boolean {
    return this.#fault !== undefined;
  }

  /** More is of use now. */
  get wanted(): boolean {
    return this.#sink !== undefined && !this.#paused;
  }

  /** Bytes that were received for it, chunk sizes and trailers included. */
  get received(): number {
    return this.#received;
  }

  /** Hands the body to its one reader: first what is there already, within the call. */
  consume(sink: BodySink): void {
    this.#sink = sink;
    this.#paused = false;
    this.#goOn();
  }

  /** The sink takes data again. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#goOn();
  }

  /** Used by the connection: what was received. Looked at when it is asked for, or by `takeRest`. */
  offer(input: Buffer): void {
    this.#offered = input;
    if (this.wanted) this.#goOn();
  }

  /** Used by the connection before its buffer is used again. @returns what follows the body. */
  takeRest(): Buffer {
    this.#digest();
    const rest = this.#offered;
    this.#offered = NOTHING;
    return rest;
  }

  /** The body will not come to its end. */
  break(fault: BodyFault): void {
    if (this.#decoded || this.#fault) return;
    this.#fault = fault;
    this.#offered = NOTHING;
    this.#kept = [];
    this.#tell();
  }

  #goOn(): void {
    this.#deliverKept();
    this.#digest();
    this.#tell();
    if (this.wanted && !this.#decoded && !this.#fault) this.#onWanted();
  }

  #deliverKept(): void {
    while (this.wanted) {
      const chunk = this.#kept.shift();
      if (!chunk) return;
      if (this.#sink?.onBodyData(chunk, true) === false) this.#paused = true;
    }
  }

  /** Decodes what was offered. */
  #digest(): void {
    const input = this.#offered;
    if (input.length === 0 || this.#decoded || this.#fault) return;
    this.#offered = NOTHING;
    let at = 0;
    let fault: BodyFault | undefined;
    while (!this.#decoded && !fault && !this.#fault) {
      const step = this.#decoder.take(input, at);
      if (step.kind === "more") {
        at = input.length;
        break;
      }
      if (step.kind === "fault") {
        fault = new BodyFault(400, `client sent invalid chunked body: ${step.what}`);
        break;
      }
      at += step.used;
      if (step.kind === "data") this.#deliver(step.data);
      else this.#decoded = true;
    }
    this.#received += at;
    if (fault) this.break(fault);
    else this.#offered = input.subarray(at);
    this.#tell();
  }

  #deliver(data: Buffer): void {
    if (!this.wanted || this.#kept.length > 0) this.#kept.push(Buffer.from(data));
    else if (this.#sink?.onBodyData(data, false) === false) this.#paused = true;
  }

  #tell(): void {
    if (this.#told || !this.#sink || this.#kept.length > 0) return;
    if (this.#fault) {
      this.#told = true;
      this.#sink.onBodyFault(this.#fault);
    } else if (this.#decoded) {
      this.#told = true;
      this.#sink.onBodyEnd();
    }
  }
}
