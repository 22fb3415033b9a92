/**
 * The body of a client's request as mediation reads it. It belongs to the connection: what nobody reads is not thrown
 * away here, since the answer goes out on the same connection. Made by service-exchange.ts.
 */
import type { ByteSink, ByteStream } from "../net/byte-stream.ts";
import type { RequestBody } from "../net/http1/request-body.ts";

export class RequestStream implements ByteStream {
  readonly #body: RequestBody;
  #taken = false;
  #discarded = false;

  constructor(body: RequestBody) {
    this.#body = body;
  }

  /** Somebody reads the body, or has read it. */
  get isTaken(): boolean {
    return this.#taken;
  }

  takeWhole(): Buffer | undefined {
    if (this.#taken || !this.#body.complete) return undefined;
    const chunks: Buffer[] = [];
    this.consume({
      // Kept beyond the call: the buffer of the socket is used again.
      onBodyData: (chunk, stays) => chunks.push(stays ? chunk : Buffer.from(chunk)) > 0,
      onBodyEnd: () => {},
      onBodyFault: () => {},
    });
    const [first, second] = chunks;
    return second ? Buffer.concat(chunks) : (first ?? Buffer.alloc(0));
  }

  consume(sink: ByteSink): void {
    this.#taken = true;
    this.#body.consume({
      onBodyData: (chunk, stays) => this.#discarded || sink.onBodyData(chunk, stays),
      onBodyEnd: () => {
        if (!this.#discarded) sink.onBodyEnd();
      },
      onBodyFault: (fault) => {
        if (!this.#discarded) sink.onBodyFault(fault);
      },
    });
  }

  resume(): void {
    this.#body.resume();
  }

  /** A reader that has begun and wants no more lets the rest go by. */
  discard(): void {
    this.#discarded = true;
    if (this.#taken) this.#body.resume();
  }
}
