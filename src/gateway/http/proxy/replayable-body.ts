/**
 * A request body that can be sent again: read ahead up to a limit, so that a request whose peer cannot be
 * reached goes on to the next one. What is longer is streamed after the part that was read ahead,
 * once; then the request is bound to the peer that got it.
 */
import { Readable } from "node:stream";

/** Bytes that are read before the first peer is asked. */
export const READ_AHEAD_BYTES = 1024 * 1024;

/** The body is longer than `client_max_body_size`. */
export class BodyTooLarge extends Error {}

export class ReplayableBody {
  readonly #chunks: Buffer[] = [];
  readonly #rest: AsyncIterator<Buffer> | undefined;
  readonly #bytesMax: number;
  #bytes = 0;
  #complete: boolean;
  #spent = false;
  #tooLarge = false;

  /** @param bytesMax limit of the whole body; 0: none. */
  constructor(source: Readable | undefined, bytesMax: number) {
    const iterator: AsyncIterator<Buffer> | undefined = source?.[Symbol.asyncIterator]();
    this.#rest = iterator;
    this.#complete = source === undefined;
    this.#bytesMax = bytesMax;
  }

  /** A body that is known as a whole; `text`: one character a byte. */
  static of(text: string): ReplayableBody {
    const body = new ReplayableBody(undefined, 0);
    const chunk = Buffer.from(text, "latin1");
    if (chunk.length > 0) body.#chunks.push(chunk);
    body.#bytes = chunk.length;
    return body;
  }

  /**
   * Reads ahead; called once, before `open`.
   * @throws BodyTooLarge, or the stream's error when the client has gone.
   */
  async readAhead(): Promise<void> {
    while (!this.#complete && this.#bytes < READ_AHEAD_BYTES) {
      const chunk = await this.#nextChunk();
      if (chunk) this.#chunks.push(chunk);
    }
  }

  /** The whole body is in memory, `byteCount` is its length. */
  get isComplete(): boolean {
    return this.#complete && !this.#spent;
  }

  /** The body as one character a byte; "" when it is not all in memory. */
  get text(): string {
    return this.isComplete ? Buffer.concat(this.#chunks).toString("latin1") : "";
  }

  get byteCount(): number {
    return this.#bytes;
  }

  /** May be opened (again): nothing of it was lost to a peer. */
  get isReplayable(): boolean {
    return !this.#spent;
  }

  /** The client went beyond the limit while the body was streamed. */
  get wasTooLarge(): boolean {
    return this.#tooLarge;
  }

  /** The body for one try; its first byte is asked for only after `start` resolves. */
  open(start: Promise<void>): Readable {
    return Readable.from(this.#replay(start), { objectMode: false });
  }

  async *#replay(start: Promise<void>): AsyncGenerator<Buffer> {
    await start;
    for (const chunk of this.#chunks) yield chunk;
    while (!this.#complete) {
      this.#spent = true;
      const chunk = await this.#nextChunk();
      if (chunk) yield chunk;
    }
  }

  async #nextChunk(): Promise<Buffer | undefined> {
    const result = await this.#rest?.next();
    if (!result || result.done === true) {
      this.#complete = true;
      return undefined;
    }
    this.#bytes += result.value.length;
    if (this.#bytesMax > 0 && this.#bytes > this.#bytesMax) {
      this.#tooLarge = true;
      throw new BodyTooLarge("request body is too large");
    }
    return result.value;
  }
}
