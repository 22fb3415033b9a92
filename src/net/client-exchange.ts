/**
 * One outgoing request on a connection of its origin's pool, from the wait for a connection to the last byte of the
 * response. A connection that was kept and that the peer closes before any answer says nothing about the peer: a
 * request that may be sent twice (RFC 9110 9.2.2) goes out once more on a new one. Made by direct-client.ts.
 */
import { ByteQueue, type ByteSource } from "./byte-queue.ts";
import type { ByteStream } from "./byte-stream.ts";
import type { ClientConnection } from "./http1/client-connection.ts";
import { firstValue, type HeaderField } from "./http1/header-field.ts";
import type { ConnectionSeeker, OriginPool } from "./http1/origin-pool.ts";
import { type OutgoingLength } from "./http1/outgoing-head.ts";
import type { PeerFailure } from "./http1/peer-failure.ts";
import type { PeerHead } from "./http1/peer-head.ts";
import type { PeerHandler, PeerRequest } from "./http1/peer-request.ts";
import type { Deadline, TimerWheel } from "./http1/timer-wheel.ts";
import {
  HttpFailure,
  type HttpFailureKind,
  type IncomingResponse,
  kindOfSystemError,
} from "./outgoing-request.ts";
import { StreamSender } from "./stream-sender.ts";

/** Times in milliseconds. */
export interface ExchangeLimits {
  readonly connectTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly headBytesMax: number;
}

export interface ExchangeRequest {
  readonly url: string;
  readonly method: string;
  /** The head, ready to be written. */
  readonly head: string;
  readonly body: ByteStream | Buffer | undefined;
  /** As the head has it. */
  readonly length: OutgoingLength;
  /** The connection serves no other request. */
  readonly closes: boolean;
  readonly headTimeoutMs: number;
}

export interface ExchangeEnd {
  readonly resolve: (response: IncomingResponse) => void;
  readonly reject: (failure: HttpFailure) => void;
}

export interface ExchangeOptions {
  readonly limits: ExchangeLimits;
  readonly end: ExchangeEnd;
  readonly wheel: TimerWheel;
}

/** Bodies up to this size go out together with the head, in one write. */
const TOGETHER_BYTES_MAX = 16 * 1024;
/** The rest of a body up to this length is read when nobody wants it: cheaper than another connection. */
const UNWANTED_BYTES_MAX = 64 * 1024;
/** For so long at most: beyond it the peer is slow, and another connection is cheaper after all. */
const UNWANTED_MS_MAX = 5_000;
/** A peer that says how long it keeps a connection may close it that much earlier, as seen from here. */
const KEEP_MARGIN_MS = 2_000;
/** Methods that do the same when they are sent twice. */
const IDEMPOTENT: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "PUT",
  "DELETE",
  "OPTIONS",
  "TRACE",
]);

export class ClientExchange implements PeerRequest, PeerHandler, ByteSource, ConnectionSeeker {
  readonly method: string;
  readonly handler: PeerHandler = this;
  readonly connectTimeoutMs: number;
  readonly sendTimeoutMs: number;
  readonly readTimeoutMs: number;
  readonly headTimeoutMs: number;
  readonly headBytesMax: number;
  readonly #request: ExchangeRequest;
  readonly #pool: OriginPool;
  readonly #end: ExchangeEnd;
  readonly #wheel: TimerWheel;
  #connection: ClientConnection | undefined;
  #sender: StreamSender | undefined;
  /** Of the wait for a connection, and later for the end of what nobody wants. */
  #deadline: Deadline | undefined;
  #isRetried = false;
  /** The body of the response, once its head is here. */
  #body: ByteQueue | undefined;
  #received = 0;
  /** Undefined: it is not known. */
  #bodyBytes: number | undefined;

  constructor(request: ExchangeRequest, pool: OriginPool, options: ExchangeOptions) {
    const { limits, end, wheel } = options;
    this.#request = request;
    this.#pool = pool;
    this.#end = end;
    this.#wheel = wheel;
    this.method = request.method;
    this.connectTimeoutMs = limits.connectTimeoutMs;
    this.sendTimeoutMs = request.headTimeoutMs;
    this.headTimeoutMs = request.headTimeoutMs;
    this.readTimeoutMs = limits.bodyTimeoutMs;
    this.headBytesMax = limits.headBytesMax;
  }

  /** @param mayReuse a connection that has waited in the pool will do. */
  start(mayReuse = true): void {
    if (!this.#pool.ask(this, mayReuse)) {
      if (this.#pool.isClosed) return this.onPoolClosed();
      return this.#reject("refused", new Error("too many requests wait for a connection already"));
    }
    if (this.#connection) return;
    this.#deadline = this.#wheel.deadline(() => this.#hasWaited());
    this.#deadline.set(this.headTimeoutMs);
  }

  onConnection(connection: ClientConnection): void {
    this.#deadline?.end();
    this.#connection = connection;
    if (this.#request.closes) connection.idleMsMax = 0;
    connection.begin(this);
  }

  onPoolClosed(): void {
    this.#deadline?.end();
    this.#reject("closed", new Error("the client was closed"));
  }

  onConnected(): void {
    const connection = this.#connection;
    if (!connection) return;
    const { head, body } = this.#request;
    if (body !== undefined && !Buffer.isBuffer(body)) return this.#stream(body, connection);
    if (body === undefined || body.length <= TOGETHER_BYTES_MAX) {
      connection.write(body === undefined ? head : head + body.toString("latin1"));
    } else {
      const { socket } = connection;
      socket.cork();
      connection.write(head);
      connection.write(body);
      socket.uncork();
    }
    connection.endRequest();
  }

  onHead(head: PeerHead): void {
    const { status, reason, fields, bodyBytes, isRepeated } = head;
    if (status === 101) return this.#breakOff("protocol", new Error("101 was not asked for"));
    if (!isRepeated) this.#noteKeepAlive(fields);
    this.#bodyBytes = bodyBytes;
    this.#body = new ByteQueue(this);
    this.#end.resolve({ status, reason, headers: fields, body: this.#body });
  }

  onData(chunk: Buffer): void {
    this.#received += chunk.length;
    this.#body?.offer(chunk);
  }

  onReadDone(): void {}

  onEnd(): void {
    // From here on the connection serves others, or is closed.
    this.#connection = undefined;
    this.#deadline?.end();
    this.#sender?.stop();
    this.#body?.end();
  }

  onDrain(): void {
    this.#sender?.drained();
  }

  onFailure(failure: PeerFailure): void {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#deadline?.end();
    if (this.#body) {
      this.#sender?.stop();
      return this.#body.fail(errorOf(failure));
    }
    if (this.#maySendAgain(failure, connection)) {
      this.#isRetried = true;
      return this.start(false);
    }
    this.#reject(kindOf(failure), errorOf(failure));
  }

  pause(): void {
    this.#connection?.pause();
  }

  resume(): void {
    this.#connection?.resume();
  }

  cancel(): void {
    const left = this.#bodyBytes === undefined ? Infinity : this.#bodyBytes - this.#received;
    if (left > UNWANTED_BYTES_MAX) return this.#letGo();
    this.#connection?.resume();
    if (!this.#connection) return;
    this.#deadline = this.#wheel.deadline(() => this.#letGo());
    this.#deadline.set(UNWANTED_MS_MAX);
  }

  #letGo(): void {
    this.#connection?.destroy();
    this.#connection = undefined;
    this.#sender?.stop();
  }

  #stream(body: ByteStream, connection: ClientConnection): void {
    const { head, length = "chunked" } = this.#request;
    this.#sender = new StreamSender(body, connection, {
      length,
      onFault: (error) => this.#breakOff("closed", error),
    });
    this.#sender.start(head);
  }

  #hasWaited(): void {
    this.#pool.leave(this);
    this.#reject("timeout", new Error("no connection was free in time"));
  }

  /** Once, nothing has come, and either nothing can have happened or it may happen twice. */
  #maySendAgain({ reason, phase }: PeerFailure, connection: ClientConnection | undefined): boolean {
    if (this.#isRetried || reason !== "error" || phase !== "head") return false;
    if (connection?.isReused !== true || connection.hasAnswered) return false;
    const { body } = this.#request;
    return IDEMPOTENT.has(this.method) && (body === undefined || Buffer.isBuffer(body));
  }

  /** `Keep-Alive: timeout=N`, in seconds. */
  #noteKeepAlive(fields: readonly HeaderField[]): void {
    const connection = this.#connection;
    const told = firstValue(fields, "keep-alive");
    const seconds = told === undefined ? undefined : /timeout=(\d{1,9})/i.exec(told)?.[1];
    if (!connection || seconds === undefined) return;
    const keptMs = Math.max(0, Number(seconds) * 1_000 - KEEP_MARGIN_MS);
    connection.idleMsMax = Math.min(connection.idleMsMax, keptMs);
  }

  #breakOff(kind: HttpFailureKind, error: Error): void {
    this.#letGo();
    if (this.#body) this.#body.fail(error);
    else this.#reject(kind, error);
  }

  #reject(kind: HttpFailureKind, error: Error): void {
    const { body, url } = this.#request;
    if (this.#sender) this.#sender.stop();
    else if (body && !Buffer.isBuffer(body)) body.discard();
    this.#end.reject(HttpFailure.of(kind, url, error));
  }
}

function kindOf({ reason, phase, error }: PeerFailure): HttpFailureKind {
  const isNew = phase === "connect" || phase === "handshake";
  if (reason === "invalid_header") return "protocol";
  if (reason === "timeout") return isNew ? "connect-timeout" : "timeout";
  const kind = kindOfSystemError(error);
  return kind === "timeout" && isNew ? "connect-timeout" : kind;
}

const TIMED_OUT: Readonly<Record<PeerFailure["phase"], string>> = {
  connect: "no connection came about in time",
  handshake: "the TLS handshake was not over in time",
  head: "no response came in time",
  body: "the response did not go on in time",
};

function errorOf({ reason, phase, error, sentence }: PeerFailure): Error {
  if (error) return error;
  if (reason === "timeout") return new Error(TIMED_OUT[phase]);
  return new Error(sentence ?? "the other side closed the connection");
}
