/**
 * One request of a client connection and the ways to answer it. Decides how the end of the response is marked
 * and whether the connection lives on; server-connection.ts makes it and owns the socket. Small pieces of a
 * response are collected as text and written together: `flush`, `end` or enough of them send them.
 */
import { Readable } from "node:stream";
import type { ConnectionLimits } from "./connection-limits.ts";
import { firstValue, type HeaderField, hasToken } from "./header-field.ts";
import type { RequestBody } from "./request-body.ts";
import type { RequestHead } from "./request-head.ts";
import {
  chunkStart,
  formatFields,
  formatLastChunk,
  formatResponseHead,
  responseFraming,
  type ResponseFraming,
  type ResponseHead,
} from "./response-head.ts";
import type { TunnelEnd, TunnelSide } from "./tunnel.ts";

export interface TlsFacts {
  /** The name of the client's SNI; "" when it sent none. */
  readonly serverName: string;
  /** For example "TLSv1.3". */
  readonly protocol: string;
  readonly cipher: string;
  readonly resumed: boolean;
}

export interface ConnectionFacts {
  /** Counts the connections of the process from 1. */
  readonly number: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** When the connection was accepted, on the clock of its timers. Milliseconds. */
  readonly openedMs: number;
  /** Undefined: the connection is plain. */
  readonly tls: TlsFacts | undefined;
  /** What a PROXY header has told of the connection. Undefined: there was none, or it named no addresses. */
  readonly proxyProtocol?: {
    readonly address: string;
    readonly port: number;
    readonly serverAddress: string;
    readonly serverPort: number;
  };
}

/** undefined: no body. */
export type ResponseBody = Readable | Buffer | undefined;

/** The other side of an upgraded connection. */
export interface UpgradedPeer extends TunnelEnd {
  detach(side: TunnelSide): void;
}

/** What an exchange may ask of its connection. */
export interface ExchangeLink extends TunnelEnd {
  /** The client has ended its side. */
  readonly clientEnded: boolean;
  /** As far as the connection is concerned it may serve another request. */
  mayKeepAlive(): boolean;
  /** What the client is told about a connection that goes on, in seconds; 0: nothing. */
  readonly keepaliveToldSeconds: number;
  /** Text: one character a byte. @returns false: wait for `whenDrained`. */
  write(data: string | Buffer): boolean;
  /** Text and data in one call to the system. @returns false: wait for `whenDrained`. */
  writeTogether(text: string, data: Buffer): boolean;
  /** The same with data that is overwritten after the call. */
  writeCopy(text: string, data: Buffer): boolean;
  /** Calls once when everything is handed to the system, or the connection is closed. */
  whenDrained(action: () => void): void;
  /** The response is complete. */
  finish(keepsAlive: boolean): void;
  useLimits(limits: ConnectionLimits): void;
  /** Joins the connection with a peer's. */
  tunnelTo(peer: UpgradedPeer, options: TunnelStart): void;
  destroy(): void;
}

export interface TunnelStart {
  readonly idleMs: number;
  readonly onBytes: (count: number) => void;
  readonly onOver: () => void;
}

/** Pieces up to this size are collected as text: one write costs more than copying so much. */
const TEXT_BYTES_MAX = 16 * 1024;

export class ServerExchange {
  readonly head: RequestHead;
  readonly connection: ConnectionFacts;
  /** Which request of its connection this is, from 1. */
  readonly requestNumber: number;
  /** Undefined: the request has no body. Consumed at most once. */
  readonly body: RequestBody | undefined;
  readonly #link: ExchangeLink;
  readonly #headBytes: number;
  #onAbort: (() => void)[] | undefined;
  #onOver: (() => void) | undefined;
  #aborted = false;
  #responded = false;
  #over = false;
  #bodyBytesSent = 0;
  #bytesSent = 0;
  /** The trailers of the head. */
  #ownTrailers: ResponseHead["trailers"];
  #framing: ResponseFraming = "none";
  #keepsAlive = false;
  /** Of a body of known length: what is still to come. */
  #bytesLeft = 0;
  /** Collected, and not written yet. */
  #text = "";
  #blocked = false;

  constructor(
    link: ExchangeLink,
    facts: ConnectionFacts,
    request: {
      readonly head: RequestHead;
      readonly body: RequestBody | undefined;
      readonly bytes: number;
      readonly number: number;
    },
  ) {
    this.#link = link;
    this.connection = facts;
    this.head = request.head;
    this.body = request.body;
    this.requestNumber = request.number;
    this.#headBytes = request.bytes;
  }

  /** The client asks to speak another protocol after 101; h2c is not one of them, as in nginx. */
  get wantsUpgrade(): boolean {
    const { method, version, fields } = this.head;
    if (method !== "GET" || version !== "1.1" || this.body) return false;
    const protocol = firstValue(fields, "upgrade");
    if (protocol === undefined || protocol.toLowerCase() === "h2c") return false;
    return hasToken(fields, "connection", "upgrade");
  }

  /** The client has gone before the response was complete. */
  get aborted(): boolean {
    return this.#aborted;
  }

  /** The head of the response has been sent. */
  get responded(): boolean {
    return this.#responded;
  }

  /** Bytes of the response body that were handed to the connection. */
  get bodyBytesSent(): number {
    return this.#bodyBytesSent;
  }

  /** Bytes of the response with its head and the marks of its chunks. */
  get bytesSent(): number {
    return this.#bytesSent;
  }

  /** Bytes of the request with its body, as received so far. */
  get requestLength(): number {
    return this.#headBytes + (this.body?.received ?? 0);
  }

  /** The client takes no more at the moment: wait for `whenDrained`. */
  get isBlocked(): boolean {
    return this.#blocked;
  }

  /** The bounds of the connection from here on, until its next request. */
  useLimits(limits: ConnectionLimits): void {
    this.#link.useLimits(limits);
  }

  /** Calls once when the client goes before the response is complete. */
  onAbort(handler: () => void): void {
    if (this.#aborted || this.#over) return;
    if (this.#onAbort) this.#onAbort.push(handler);
    else this.#onAbort = [handler];
    if (this.#link.clientEnded) this.abort();
  }

  /** Calls once when the response is complete or the client has gone; there is one handler. */
  onOver(handler: () => void): void {
    if (this.#over) handler();
    else this.#onOver = handler;
  }

  /** Called by the connection: a client that has ended its side waits for nothing that takes time, as in nginx. */
  clientHasEnded(): void {
    if (this.#onAbort) this.abort();
  }

  /** Called by the connection: the response cannot be completed. */
  abort(): void {
    if (this.#aborted || this.#over) return;
    this.#aborted = true;
    const handlers = this.#onAbort;
    this.#onAbort = undefined;
    for (const handler of handlers ?? []) handler();
    this.#isNowOver();
  }

  /** Sends 103 ahead of the response; nothing to a client of HTTP/1.0, which knows no interim responses. */
  sendEarlyHints(fields: readonly HeaderField[]): void {
    if (this.#aborted || this.#responded || this.#over || this.head.version !== "1.1") return;
    const text = `HTTP/1.1 103 Early Hints\r\n${formatFields(fields)}\r\n`;
    this.#bytesSent += text.length;
    this.#link.write(text);
  }

  /** Begins the response; its head goes out with the first data, `flush` or `end`. */
  start(head: ResponseHead, hasBody: boolean): void {
    if (this.#aborted) return;
    this.#framing = responseFraming(this.head, head, hasBody);
    this.#ownTrailers = head.trailers;
    this.#keepsAlive = this.#mayKeepAlive(head);
    this.#responded = true;
    if (this.#framing === "length") {
      this.#bytesLeft = Number(firstValue(head.fields, "content-length") ?? 0);
    }
    const connection = this.#keepsAlive ? this.#keepAliveText() : "close";
    this.#text = formatResponseHead(head, { framing: this.#framing, connection });
  }

  /** A piece of the body; `stays`: it is left as it is and need not be copied. @returns false: see `isBlocked`. */
  write(chunk: Buffer, stays = false): boolean {
    const { length } = chunk;
    if (this.#aborted || this.#framing === "none" || length === 0) return !this.#blocked;
    this.#bodyBytesSent += length;
    this.#bytesLeft -= length;
    const isChunked = this.#framing === "chunked";
    if (isChunked) this.#text += chunkStart(length);
    if (length > TEXT_BYTES_MAX) {
      this.#writeLarge(chunk, stays);
      if (isChunked) this.#text = "\r\n";
      return !this.#blocked;
    }
    this.#text += chunk.toString("latin1", 0, length);
    if (isChunked) this.#text += "\r\n";
    return this.#text.length < TEXT_BYTES_MAX ? !this.#blocked : this.flush();
  }

  /** Sends what was collected. @returns false: see `isBlocked`. */
  flush(): boolean {
    const text = this.#text;
    if (text === "" || this.#aborted) return !this.#blocked;
    this.#text = "";
    this.#bytesSent += text.length;
    if (!this.#link.write(text)) this.#blocked = true;
    return !this.#blocked;
  }

  /** Calls once when the client has taken everything, or has gone. */
  whenDrained(action: () => void): void {
    this.#link.whenDrained(() => {
      this.#blocked = false;
      action();
    });
  }

  /** The body is complete. `trailers`: fields behind a chunked body. */
  end(trailers: readonly HeaderField[] = []): void {
    if (this.#aborted || this.#over) return;
    if (this.#framing === "chunked") {
      const own = this.#ownTrailers?.() ?? [];
      this.#text += formatLastChunk(own.length === 0 ? trailers : [...trailers, ...own]);
    }
    this.flush();
    this.#link.whenDrained(() => this.#finish());
  }

  /**
   * Sends the response. Resolves when the last byte is handed over or the client has gone; rejects
   * only when `body` fails, and then the connection is closed, so that the client sees the loss.
   */
  async respond(head: ResponseHead, body: ResponseBody): Promise<void> {
    if (this.#aborted) return;
    this.start(head, body !== undefined);
    if (body instanceof Readable) {
      if (!(await this.#stream(body))) return;
    } else if (body) this.write(body);
    this.end();
    if (this.#over) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.onOver(resolve);
    await promise;
  }

  /** Sends 101 and joins the client's connection with `peer`. It is over when both are closed. */
  upgrade(head: ResponseHead, peer: UpgradedPeer, idleMs: number): void {
    if (!this.wantsUpgrade || this.#aborted) {
      peer.destroy();
      return this.drop();
    }
    this.#responded = true;
    this.#onAbort = undefined;
    this.#text = formatResponseHead(head, { framing: "none", connection: "upgrade" });
    this.flush();
    this.#link.tunnelTo(peer, {
      idleMs,
      onBytes: (count) => {
        this.#bodyBytesSent += count;
        this.#bytesSent += count;
      },
      onOver: () => this.#isNowOver(),
    });
  }

  /** The body will never be complete: what there is goes out, then the connection closes. */
  breakOff(): void {
    this.flush();
    this.#link.destroySoon();
  }

  /** Closes the connection without a response. */
  drop(): void {
    this.#link.destroy();
  }

  #writeLarge(chunk: Buffer, stays: boolean): void {
    const text = this.#text;
    this.#text = "";
    this.#bytesSent += text.length + chunk.length;
    const goesOn = this.#link[stays ? "writeTogether" : "writeCopy"](text, chunk);
    if (!goesOn) this.#blocked = true;
  }

  /** @returns false: the client has gone. */
  async #stream(body: Readable): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    body.on("data", (chunk: Buffer) => {
      if (this.#aborted) return;
      this.write(chunk);
      if (this.flush()) return;
      body.pause();
      this.whenDrained(() => body.resume());
    });
    body.once("end", resolve);
    body.once("error", reject);
    body.once("close", () => reject(new Error("the body broke off")));
    if (body.destroyed) reject(body.errored ?? new Error("the body broke off"));
    this.onAbort(() => {
      resolve();
      body.destroy();
    });
    try {
      await promise;
      return !this.#aborted;
    } catch (error) {
      if (this.#aborted) return false;
      this.drop();
      throw error;
    }
  }

  #keepAliveText(): string {
    const seconds = this.#link.keepaliveToldSeconds;
    return seconds === 0 ? "keep-alive" : `keep-alive\r\nKeep-Alive: timeout=${seconds}`;
  }

  #mayKeepAlive({ closes = false }: ResponseHead): boolean {
    if (closes || this.head.fault || this.#framing === "close") return false;
    // The rest of a body that nobody reads would be taken for the next request.
    if (this.body && !this.body.complete) return false;
    if (!this.#link.mayKeepAlive()) return false;
    const { version, fields } = this.head;
    return version === "1.1"
      ? !hasToken(fields, "connection", "close")
      : hasToken(fields, "connection", "keep-alive");
  }

  #finish(): void {
    if (this.#aborted || this.#over) return;
    this.#onAbort = undefined;
    // A body that is shorter than its head says leaves the client waiting: only closing tells it.
    const keepsAlive = this.#keepsAlive && (this.#framing !== "length" || this.#bytesLeft === 0);
    this.#over = true;
    // The next request of the connection may be answered within `finish`: this one is logged before it.
    this.#tellOver();
    this.#link.finish(keepsAlive);
  }

  #isNowOver(): void {
    if (this.#over) return;
    this.#over = true;
    this.#tellOver();
  }

  #tellOver(): void {
    const handler = this.#onOver;
    this.#onOver = undefined;
    handler?.();
  }
}
