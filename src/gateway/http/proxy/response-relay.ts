/**
 * The body of a peer's response on its way to the client. With `proxy_buffering` a client that is slower than the
 * peer keeps nobody waiting: what it has not taken is queued, in memory and then in a temporary file, and the
 * peer is free as soon as it has sent everything. Without, the peer goes at the client's pace
 * (ngx_event_pipe.c, ngx_http_upstream_process_non_buffered_request).
 */
import type { AppError } from "../../../errors/app-error.ts";
import type { ClientConnection } from "../../../net/http1/client-connection.ts";
import { OverflowQueue, type OverflowLimits } from "../../spool/overflow-queue.ts";
import type { TempFiles } from "../../spool/temp-file.ts";
import type { Exchange, HeaderField } from "../exchange.ts";

export interface RelayOptions {
  /** Undefined: `proxy_buffering off`. */
  readonly buffers: OverflowLimits | undefined;
  readonly files: TempFiles;
  /** `proxy_pass_trailers`. */
  readonly passesTrailers: boolean;
  /** The disk has failed, and the response with it. */
  readonly onDiskFault: (error: AppError) => void;
}

export class ResponseRelay {
  readonly #exchange: Exchange;
  readonly #peer: ClientConnection;
  readonly #options: RelayOptions;
  #queue: OverflowQueue | undefined;
  /** Waits for the client to take something. */
  #waiting = false;
  #state: "open" | "ended" | "broken" | "over" = "open";
  #trailers: readonly HeaderField[] = [];
  #byteCount = 0;

  constructor(exchange: Exchange, peer: ClientConnection, options: RelayOptions) {
    this.#exchange = exchange;
    this.#peer = peer;
    this.#options = options;
  }

  /** Bytes that the peer has sent. */
  get byteCount(): number {
    return this.#byteCount;
  }

  /** `chunk` is overwritten after the call. */
  take(chunk: Buffer): void {
    this.#byteCount += chunk.length;
    if (!this.#options.buffers || !(this.#exchange.isBlocked || this.#queue?.isEmpty === false)) {
      this.#exchange.write(chunk);
      return;
    }
    this.#queue ??= this.#openQueue(this.#options.buffers);
    this.#queue.push(chunk);
    if (this.#queue.isFull) this.#peer.pause();
  }

  /** All that one read brought was taken. */
  readDone(): void {
    if (this.#exchange.flush()) return;
    this.#awaitClient();
    if (!this.#options.buffers) this.#peer.pause();
  }

  /** The peer has sent everything. */
  end(trailers: readonly HeaderField[]): void {
    if (this.#options.passesTrailers) this.#trailers = trailers;
    this.#state = "ended";
    this.#closeIfDone();
  }

  /** The peer has failed: the client gets what there is, and the end of its connection. */
  break(): void {
    this.#state = "broken";
    this.#closeIfDone();
  }

  /** Nobody wants the rest. */
  dispose(): void {
    this.#state = "over";
    this.#queue?.dispose();
  }

  #openQueue(limits: OverflowLimits): OverflowQueue {
    return new OverflowQueue(limits, this.#options.files, {
      onRoom: () => this.#resumePeer(),
      onReadable: () => this.#sendQueued(),
      onError: this.#options.onDiskFault,
    });
  }

  #awaitClient(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    this.#exchange.whenDrained(() => {
      this.#waiting = false;
      if (this.#state === "over") return;
      this.#sendQueued();
      if (!this.#options.buffers) this.#resumePeer();
    });
  }

  /** After its response the connection is no longer ours. */
  #resumePeer(): void {
    if (this.#state === "open") this.#peer.resume();
  }

  #sendQueued(): void {
    if (this.#waiting || this.#state === "over") return;
    for (let chunk = this.#queue?.shift(); chunk; chunk = this.#queue?.shift()) {
      this.#exchange.write(chunk);
      if (!this.#exchange.flush()) return this.#awaitClient();
    }
    this.#closeIfDone();
  }

  #closeIfDone(): void {
    // What is queued goes out when the client has taken something, or when it is back from the disk.
    if (this.#queue?.isEmpty === false) return;
    if (this.#state === "ended") this.#exchange.end(this.#trailers);
    else if (this.#state === "broken") this.#exchange.breakOff();
    else return;
    this.dispose();
  }
}
