/**
 * The body of a request on its way to a peer, at the peer's pace: one that was stored before, which can be sent
 * again to another peer, or the client's as it comes (`proxy_request_buffering off`), which can not.
 */
import type { ClientConnection } from "../../../net/http1/client-connection.ts";
import type { BodyFault, BodySink, RequestBody } from "../../../net/http1/request-body.ts";
import { chunkStart, formatLastChunk } from "../../../net/http1/response-head.ts";
import type { BodyReader } from "../../spool/body-reader.ts";
import type { SpooledBody } from "../../spool/spooled-body.ts";

export interface BodySender {
  /** Sends the head of the request, and then the body. */
  start(head: string): void;
  /** The peer takes more. */
  drained(): void;
}

/** Bodies up to this size go out together with the head, in one write. */
const TOGETHER_BYTES_MAX = 16 * 1024;

export class StoredBodySender implements BodySender {
  readonly #peer: ClientConnection;
  readonly #body: SpooledBody;
  readonly #onFault: (error: unknown) => void;
  #reader: BodyReader | undefined;
  #reading = false;

  constructor(peer: ClientConnection, body: SpooledBody, onFault: (error: unknown) => void) {
    this.#peer = peer;
    this.#body = body;
    this.#onFault = onFault;
  }

  start(head: string): void {
    if (!this.#body.isInFile && this.#body.byteCount <= TOGETHER_BYTES_MAX) {
      this.#peer.write(head + this.#body.text);
      this.#peer.endRequest();
      return;
    }
    this.#reader = this.#body.reader();
    if (this.#peer.write(head)) this.#pump();
  }

  drained(): void {
    this.#pump();
  }

  #pump(): void {
    while (this.#reader && !this.#reading) {
      const piece = this.#reader.read();
      if (piece instanceof Promise) {
        this.#reading = true;
        piece.then((read) => this.#afterRead(read), this.#onFault);
      } else if (!this.#send(piece)) return;
    }
  }

  #afterRead(piece: Buffer | undefined): void {
    this.#reading = false;
    if (this.#send(piece)) this.#pump();
  }

  /** @returns false: nothing more at the moment. */
  #send(piece: Buffer | undefined): boolean {
    // A peer that has gone, or has answered already, does not get the rest.
    if (piece && !this.#peer.socket.destroyed) return this.#peer.write(piece);
    this.#reader = undefined;
    if (!piece) this.#peer.endRequest();
    return false;
  }
}

export class StreamedBodySender implements BodySender, BodySink {
  readonly #peer: ClientConnection;
  readonly #body: RequestBody;
  readonly #isChunked: boolean;
  readonly #onFault: (fault: BodyFault | "too large") => void;
  readonly #onKept: (body: Buffer) => void;
  #bytesLeft: number;
  /** The body so far; undefined: it has become too large to be kept. */
  #kept: Buffer[] | undefined = [];
  #keptBytesLeft: number;

  /** @param bytesMax of the body; 0: no limit. `keptBytesMax`: a larger body is not kept for `onKept`. */
  constructor(
    peer: ClientConnection,
    body: RequestBody,
    options: {
      readonly isChunked: boolean;
      readonly bytesMax: number;
      readonly keptBytesMax: number;
      readonly onFault: (fault: BodyFault | "too large") => void;
      /** All of the body is on its way. */
      readonly onKept: (body: Buffer) => void;
    },
  ) {
    this.#peer = peer;
    this.#body = body;
    this.#isChunked = options.isChunked;
    this.#bytesLeft = options.bytesMax === 0 ? Number.POSITIVE_INFINITY : options.bytesMax;
    this.#keptBytesLeft = options.keptBytesMax;
    this.#onFault = options.onFault;
    this.#onKept = options.onKept;
  }

  start(head: string): void {
    const { socket } = this.#peer;
    // What of the body is there already goes out together with the head.
    socket.cork();
    this.#peer.write(head);
    this.#body.consume(this);
    socket.uncork();
  }

  drained(): void {
    this.#body.resume();
  }

  onBodyData(chunk: Buffer): boolean {
    this.#bytesLeft -= chunk.length;
    if (this.#bytesLeft < 0) {
      this.#onFault("too large");
      return true;
    }
    const piece = this.#isChunked ? asChunk(chunk) : Buffer.from(chunk);
    this.#keep(this.#isChunked ? dataOf(piece, chunk.length) : piece);
    return this.#peer.write(piece);
  }

  onBodyEnd(): void {
    if (this.#isChunked) this.#peer.write(formatLastChunk());
    if (this.#kept) this.#onKept(Buffer.concat(this.#kept));
    this.#peer.endRequest();
  }

  onBodyFault(fault: BodyFault): void {
    this.#onFault(fault);
  }

  /** What is sent is kept as it is, without another copy. */
  #keep(piece: Buffer): void {
    this.#keptBytesLeft -= piece.length;
    if (this.#keptBytesLeft < 0) this.#kept = undefined;
    else this.#kept?.push(piece);
  }
}

/** A copy with its size before and its end behind, for one write. */
function asChunk(data: Buffer): Buffer {
  const start = chunkStart(data.length);
  const chunk = Buffer.allocUnsafe(start.length + data.length + 2);
  chunk.write(start, "latin1");
  data.copy(chunk, start.length);
  chunk.write("\r\n", start.length + data.length, "latin1");
  return chunk;
}

/** The data of what `asChunk` made. */
function dataOf(chunk: Buffer, length: number): Buffer {
  const end = chunk.length - 2;
  return chunk.subarray(end - length, end);
}
