/**
 * The boundary between what carries HTTP and what decides about requests: one request with its connection
 * and the ways to answer it. net/http1/server-exchange.ts implements it; another engine may stand
 * beside that without a change behind this line.
 */
import type { Duplex, Readable } from "node:stream";
import type { ConnectionLimits } from "../../net/http1/connection-limits.ts";
import type { RequestHead } from "../../net/http1/request-head.ts";
import type { ResponseHead } from "../../net/http1/response-head.ts";
import type { ConnectionFacts, ResponseBody } from "../../net/http1/server-exchange.ts";

export type { RequestHead } from "../../net/http1/request-head.ts";
export type { ResponseHead } from "../../net/http1/response-head.ts";
export type { ConnectionFacts, ResponseBody, TlsFacts } from "../../net/http1/server-exchange.ts";

export interface Exchange {
  readonly head: RequestHead;
  readonly connection: ConnectionFacts;
  /** Undefined: the request has no body. Read at most once. */
  readonly body: Readable | undefined;
  /** The client asks to speak another protocol after 101 (WebSocket). */
  readonly wantsUpgrade: boolean;
  /** The client has gone before the response was complete. */
  readonly aborted: boolean;
  /** The head of the response has been sent. */
  readonly responded: boolean;
  /** Bytes of the response body that were handed to the connection. */
  readonly bodyBytesSent: number;
  /** Bytes of the response with its head and the marks of its chunks. */
  readonly bytesSent: number;
  /** Bytes of the request line, the header and the body, as received so far. */
  readonly requestLength: number;
  /** The bounds of the connection from here on, until its next request: a location may set its own. */
  useLimits(limits: ConnectionLimits): void;
  /** Calls once when the client goes before the response is complete. */
  onAbort(handler: () => void): void;
  /**
   * Sends the response. Resolves when the last byte is handed over or the client has gone; rejects
   * only when `body` fails, and then the connection is closed, so that the client sees the loss.
   */
  respond(head: ResponseHead, body: ResponseBody): Promise<void>;
  /**
   * Sends 101 and joins the client's connection with `peer` in both directions; `early`: bytes that
   * followed the peer's head. Resolves when both sides are closed.
   */
  upgrade(head: ResponseHead, peer: Duplex, early: Buffer): Promise<void>;
  /** Closes the connection without a response. */
  drop(): void;
}
