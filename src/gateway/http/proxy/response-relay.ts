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
import type { HeaderField } from "../exchange.ts";
import type { BodyTarget } from "../paced-body.ts";

export interface RelayOptions {
  /** Undefined: `proxy_buffering off`. */
  readonly buffers: OverflowLimits | undefined;
  /** Of `proxy_temp_path`. */
  readonly files: TempFiles;
  /** `proxy_pass_trailers`. */
  readonly passesTrailers: boolean;
  /** The disk has failed, and the response with it. */
  readonly onDiskFault: (error: AppError) => void;
}

/** What a try of a peer does with the body of the response. */
export interface BodyRelay {
  /** Bytes that the peer has sent. */
  readonly byteCount: number;
  /** `chunk` is overwritten after the call. */
  take(chunk: Buffer): void;
  /** All that one read brought was taken. */
  readDone(): void;
  /** The peer has sent everything. */
  end(trailers: readonly HeaderField[]): void;
  /** The peer has failed: the client gets what there is, and the end of its connection. */
  break(): void;
  /** Nobody wants the rest. */
  dispose(): void;
}

/** What a relay does with the peer. */
export type RelayPeer = Pick<ClientConnection, "pause" | "resume">;

export class ResponseRelay implements BodyRelay {
  readonly #exchange: BodyTarget;
  readonly #peer: RelayPeer;
  readonly #options: RelayOptions;
  #queue: OverflowQueue | undefined;
  /** Waits for the client to take something. */
  #waiting = false;
  #state: "open" | "ended" | "broken" | "over" = "open";
  #trailers: readonly HeaderField[] = [];
  #byteCount = 0;

  constructor(exchange: BodyTarget, peer: RelayPeer, options: RelayOptions) {
    this.#exchange = exchange;
    this.#peer = peer;
    this.#options = options;
  }

  get byteCount(): number {
    return this.#byteCount;
  }

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

  readDone(): void {
    if (this.#exchange.flush()) return;
    if (!this.#options.buffers) this.#peer.pause();
    this.#awaitClient();
  }

  end(trailers: readonly HeaderField[]): void {
    if (this.#options.passesTrailers) this.#trailers = trailers;
    this.#state = "ended";
    this.#closeIfDone();
  }

  break(): void {
    this.#state = "broken";
    this.#closeIfDone();
  }

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
    // What is queued goes out when the client has taken something, or when it is back from the disk. A response may
    // end within the read that has blocked the client: nobody waits for it then.
    if (this.#queue?.isEmpty === false) {
      if (this.#exchange.isBlocked) this.#awaitClient();
      return;
    }
    if (this.#state === "ended") this.#exchange.end(this.#trailers);
    else if (this.#state === "broken") this.#exchange.breakOff();
    else return;
    this.dispose();
  }
}
