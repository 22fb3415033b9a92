/**
 * A body that is still to come, on its way out over a connection at the peer's pace, with its length or in chunks. What
 * the head has said of its length holds: a body that is longer or shorter is broken off, or the next request on the
 * connection would begin in the wrong place. Made by client-exchange.ts.
 */
import type { ByteSink, ByteStream } from "./byte-stream.ts";
import type { ClientConnection } from "./http1/client-connection.ts";
import type { OutgoingLength } from "./http1/outgoing-head.ts";
import { chunkStart, formatLastChunk } from "./http1/response-head.ts";

/** Pieces up to this size go out as text together with what stands before them: a write costs more than the copy. */
const TEXT_BYTES_MAX = 16 * 1024;

export interface StreamSenderOptions {
  readonly length: Exclude<OutgoingLength, undefined>;
  /** The body cannot be sent to its end. */
  readonly onFault: (error: Error) => void;
}

export class StreamSender implements ByteSink {
  readonly #stream: ByteStream;
  readonly #connection: ClientConnection;
  readonly #onFault: (error: Error) => void;
  readonly #isChunked: boolean;
  #bytesLeft: number;
  /** Goes out before the next piece: the head, and what ends a chunk. */
  #text = "";
  /** What of the body is here already is being taken. */
  #starting = true;
  #over = false;

  constructor(stream: ByteStream, connection: ClientConnection, options: StreamSenderOptions) {
    const { length, onFault } = options;
    this.#stream = stream;
    this.#connection = connection;
    this.#onFault = onFault;
    this.#isChunked = length === "chunked";
    this.#bytesLeft = length === "chunked" ? Infinity : length;
  }

  start(head: string): void {
    this.#text = head;
    this.#stream.consume(this);
    this.#starting = false;
    // A source that is slow does not hold back the head.
    if (!this.#over) this.#flush();
  }

  /** The peer takes more. */
  drained(): void {
    if (!this.#over) this.#stream.resume();
  }

  /** Nobody wants the rest. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#stream.discard();
  }

  onBodyData(chunk: Buffer, stays: boolean): boolean {
    const { length } = chunk;
    if (this.#over || length === 0) return true;
    this.#bytesLeft -= length;
    if (this.#bytesLeft < 0) return this.#breakOff("longer");
    if (this.#isChunked) this.#text += chunkStart(length);
    const lineEnd = this.#isChunked ? "\r\n" : "";
    if (length > TEXT_BYTES_MAX) return this.#writeLarge(chunk, stays, lineEnd);
    this.#text += chunk.toString("latin1") + lineEnd;
    return this.#starting && this.#text.length < TEXT_BYTES_MAX ? true : this.#flush();
  }

  onBodyEnd(): void {
    if (this.#over) return;
    if (!this.#isChunked && this.#bytesLeft > 0) return void this.#breakOff("shorter");
    this.#over = true;
    if (this.#isChunked) this.#text += formatLastChunk();
    this.#flush();
    this.#connection.endRequest();
  }

  onBodyFault(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#onFault(error);
  }

  #writeLarge(chunk: Buffer, stays: boolean, lineEnd: string): boolean {
    const text = this.#text;
    this.#text = lineEnd;
    if (!stays) return this.#connection.writeCopy(text, chunk);
    const { socket } = this.#connection;
    socket.cork();
    if (text !== "") this.#connection.write(text);
    const goesOn = this.#connection.write(chunk);
    socket.uncork();
    return goesOn;
  }

  #flush(): boolean {
    const text = this.#text;
    this.#text = "";
    return text === "" || this.#connection.write(text);
  }

  #breakOff(how: "longer" | "shorter"): true {
    this.stop();
    this.#onFault(new Error(`the body of the request is ${how} than its Content-Length`));
    return true;
  }
}
