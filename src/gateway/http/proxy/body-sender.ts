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
    if (piece) return this.#peer.write(piece);
    this.#reader = undefined;
    this.#peer.endRequest();
    return false;
  }
}

export class StreamedBodySender implements BodySender, BodySink {
  readonly #peer: ClientConnection;
  readonly #body: RequestBody;
  readonly #isChunked: boolean;
  readonly #onFault: (fault: BodyFault | "too large") => void;
  #bytesLeft: number;

  /** @param bytesMax of the body; 0: no limit. */
  constructor(
    peer: ClientConnection,
    body: RequestBody,
    options: {
      readonly isChunked: boolean;
      readonly bytesMax: number;
      readonly onFault: (fault: BodyFault | "too large") => void;
    },
  ) {
    this.#peer = peer;
    this.#body = body;
    this.#isChunked = options.isChunked;
    this.#bytesLeft = options.bytesMax === 0 ? Number.POSITIVE_INFINITY : options.bytesMax;
    this.#onFault = options.onFault;
  }

  start(head: string): void {
    this.#peer.write(head);
    this.#body.consume(this);
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
    if (!this.#isChunked) return this.#peer.write(Buffer.from(chunk));
    this.#peer.write(chunkStart(chunk.length));
    this.#peer.write(Buffer.from(chunk));
    return this.#peer.write("\r\n");
  }

  onBodyEnd(): void {
    if (this.#isChunked) this.#peer.write(formatLastChunk());
    this.#peer.endRequest();
  }

  onBodyFault(fault: BodyFault): void {
    this.#onFault(fault);
  }
}
