/**
 * One request of a client connection and the ways to answer it. Decides how the end of the response is marked
 * and whether the connection lives on; server-connection.ts makes it and owns the socket.
 */
import type { Socket } from "node:net";
import { type Duplex, Readable } from "node:stream";
import type { ConnectionLimits } from "./connection-limits.ts";
import { hasToken, valuesOf } from "./header-field.ts";
import { joinStreams } from "./join-streams.ts";
import type { RequestBody } from "./request-body.ts";
import type { RequestHead } from "./request-head.ts";
import {
  chunkStart,
  formatLastChunk,
  formatResponseHead,
  responseFraming,
  type ResponseFraming,
  type ResponseHead,
} from "./response-head.ts";

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
  /** Which request of its connection this is, from 1. */
  readonly requestNumber: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** Undefined: the connection is plain. */
  readonly tls: TlsFacts | undefined;
}

/** undefined: no body. */
export type ResponseBody = Readable | Buffer | undefined;

/** What an exchange may ask of its connection. */
export interface ExchangeLink {
  readonly socket: Socket;
  /** The client has ended its side. */
  readonly clientEnded: boolean;
  /** As far as the connection is concerned it may serve another request. */
  mayKeepAlive(): boolean;
  /** @returns false: wait for `whenDrained`. */
  write(data: string | Buffer): boolean;
  /** Calls once when everything is handed to the system, or the connection is closed. */
  whenDrained(action: () => void): void;
  /** The response is complete. */
  finish(keepsAlive: boolean): void;
  /** Hands over the socket. @returns what was received behind the request. */
  detach(): Buffer | undefined;
  useLimits(limits: ConnectionLimits): void;
  destroy(): void;
}

export class ServerExchange {
  readonly head: RequestHead;
  readonly connection: ConnectionFacts;
  /** Undefined: the request has no body. Read at most once. */
  readonly body: RequestBody | undefined;
  readonly #link: ExchangeLink;
  readonly #headBytes: number;
  #abortHandlers: (() => void)[] = [];
  #aborted = false;
  #responded = false;
  #over = false;
  #bodyBytesSent = 0;
  #bytesSent = 0;
  #framing: ResponseFraming = "none";

  constructor(
    link: ExchangeLink,
    facts: ConnectionFacts,
    request: {
      readonly head: RequestHead;
      readonly body: RequestBody | undefined;
      readonly bytes: number;
    },
  ) {
    this.#link = link;
    this.connection = facts;
    this.head = request.head;
    this.body = request.body;
    this.#headBytes = request.bytes;
  }

  /** The client asks to speak another protocol after 101; h2c is not one of them, as in nginx. */
  get wantsUpgrade(): boolean {
    const { method, version, fields } = this.head;
    if (method !== "GET" || version !== "1.1" || this.body) return false;
    const [protocol] = valuesOf(fields, "upgrade");
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

  /** The response is complete, or will never be. */
  get isOver(): boolean {
    return this.#over;
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

  /** The bounds of the connection from here on, until its next request. */
  useLimits(limits: ConnectionLimits): void {
    this.#link.useLimits(limits);
  }

  /** Calls once when the client goes before the response is complete. */
  onAbort(handler: () => void): void {
    if (this.#aborted || this.#over) return;
    this.#abortHandlers.push(handler);
    if (this.#link.clientEnded) this.abort();
  }

  /** Called by the connection: a client that has ended its side waits for nothing that takes time, as in nginx. */
  clientHasEnded(): void {
    if (this.#abortHandlers.length > 0) this.abort();
  }

  /** Called by the connection: the response cannot be completed. */
  abort(): void {
    if (this.#aborted || this.#over) return;
    this.#aborted = true;
    this.#over = true;
    for (const handler of this.#abortHandlers.splice(0)) handler();
  }

  /**
   * Sends the response. Resolves when the last byte is handed over or the client has gone; rejects
   * only when `body` fails, and then the connection is closed, so that the client sees the loss.
   */
  async respond(head: ResponseHead, body: ResponseBody): Promise<void> {
    if (this.#aborted) return;
    this.#framing = responseFraming(this.head, head, body !== undefined);
    const keepsAlive = this.#mayKeepAlive(head);
    const connection = keepsAlive ? "keep-alive" : "close";
    this.#responded = true;
    this.#link.socket.cork();
    this.#write(formatResponseHead(head, { framing: this.#framing, connection }));
    if (body instanceof Readable) {
      const streaming = this.#stream(body);
      process.nextTick(() => this.#link.socket.uncork());
      if (!(await streaming)) return;
    } else {
      if (body) this.#writeBody(body);
      this.#link.socket.uncork();
    }
    if (this.#framing === "chunked") this.#write(formatLastChunk(head.trailers?.()));
    await this.#drained();
    this.#finish(keepsAlive && this.#isComplete(head));
  }

  /**
   * Sends 101 and joins the client's connection with `peer` in both directions; `early`: bytes that
   * followed the peer's head. Resolves when both sides are closed.
   */
  async upgrade(head: ResponseHead, peer: Duplex, early: Buffer): Promise<void> {
    if (!this.wantsUpgrade || this.#aborted) {
      peer.destroy();
      return;
    }
    this.#write(formatResponseHead(head, { framing: "none", connection: "upgrade" }));
    const rest = this.#link.detach();
    this.#responded = true;
    this.#over = true;
    const { socket } = this.#link;
    const count = (chunk: Buffer): void => {
      this.#bodyBytesSent += chunk.length;
      this.#bytesSent += chunk.length;
    };
    if (early.length > 0) {
      count(early);
      socket.write(early);
    }
    if (rest) peer.write(rest);
    peer.on("data", count);
    await joinStreams(socket, peer);
  }

  /** Closes the connection without a response. */
  drop(): void {
    this.#link.destroy();
  }

  /** @returns false: the client has gone. */
  async #stream(body: Readable): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    body.on("data", (chunk: Buffer) => {
      if (this.#aborted || this.#writeBody(chunk)) return;
      body.pause();
      this.#link.whenDrained(() => body.resume());
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

  #writeBody(data: Buffer): boolean {
    if (this.#framing === "none" || data.length === 0) return true;
    this.#bodyBytesSent += data.length;
    if (this.#framing !== "chunked") return this.#write(data);
    const { socket } = this.#link;
    socket.cork();
    this.#write(chunkStart(data.length));
    this.#write(data);
    const goesOn = this.#write("\r\n");
    socket.uncork();
    return goesOn;
  }

  #write(data: string | Buffer): boolean {
    this.#bytesSent += data.length;
    return this.#link.write(data);
  }

  async #drained(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#link.whenDrained(resolve);
    await promise;
  }

  /** The body was as long as the head has said. */
  #isComplete({ fields }: ResponseHead): boolean {
    if (this.#framing !== "length") return true;
    return Number(valuesOf(fields, "content-length")[0] ?? 0) === this.#bodyBytesSent;
  }

  #mayKeepAlive({ closes = false }: ResponseHead): boolean {
    if (closes || this.head.fault || this.#framing === "close") return false;
    // The rest of a body that nobody reads would be taken for the next request.
    if (this.body && !this.body.complete) return false;
    const { version, fields } = this.head;
    const wants =
      version === "1.1"
        ? !hasToken(fields, "connection", "close")
        : hasToken(fields, "connection", "keep-alive");
    return wants && this.#link.mayKeepAlive();
  }

  #finish(keepsAlive: boolean): void {
    if (this.#aborted) return;
    this.#over = true;
    this.#abortHandlers = [];
    this.#link.finish(keepsAlive);
  }
}
