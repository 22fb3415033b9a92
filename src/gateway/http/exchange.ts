/**
 * The boundary between what carries HTTP and what decides about requests: one request with its connection
 * and the ways to answer it. net/http1/server-exchange.ts implements it; another engine may stand
 * beside that without a change behind this line.
 */
import type { ConnectionLimits } from "../../net/http1/connection-limits.ts";
import type { HeaderField } from "../../net/http1/header-field.ts";
import type { RequestBody } from "../../net/http1/request-body.ts";
import type { RequestHead } from "../../net/http1/request-head.ts";
import type { ResponseHead } from "../../net/http1/response-head.ts";
import type {
  ConnectionFacts,
  ResponseBody,
  UpgradedPeer,
} from "../../net/http1/server-exchange.ts";

export type { HeaderField } from "../../net/http1/header-field.ts";
export type { RequestHead } from "../../net/http1/request-head.ts";
export type { ResponseHead } from "../../net/http1/response-head.ts";
export type { ConnectionFacts, ResponseBody, TlsFacts } from "../../net/http1/server-exchange.ts";

export interface Exchange {
  readonly head: RequestHead;
  readonly connection: ConnectionFacts;
  /** Which request of its connection this is, from 1. */
  readonly requestNumber: number;
  /** Undefined: the request has no body. Consumed at most once. */
  readonly body: RequestBody | undefined;
  /** The client asks to speak another protocol after 101 (WebSocket). */
  readonly wantsUpgrade: boolean;
  /** The client has gone before the response was complete. */
  readonly aborted: boolean;
  /** The head of the response has been sent. */
  readonly responded: boolean;
  /** The client takes no more at the moment: wait for `whenDrained`. */
  readonly isBlocked: boolean;
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
  /** Calls once when the response is complete or the client has gone. There is one handler. */
  onOver(handler: () => void): void;
  /** Sends 103 ahead of the response, to clients that know interim responses. */
  sendEarlyHints(fields: readonly HeaderField[]): void;
  /** Begins a response piece by piece; its head goes out with the first data, `flush` or `end`. */
  start(head: ResponseHead, hasBody: boolean): void;
  /** A piece of the body; copied where it cannot be sent at once. @returns false: see `isBlocked`. */
  write(chunk: Buffer): boolean;
  /** Sends what was collected. @returns false: see `isBlocked`. */
  flush(): boolean;
  /** Calls once when the client has taken everything so far, or has gone. */
  whenDrained(action: () => void): void;
  /** The body is complete. */
  end(trailers?: readonly HeaderField[]): void;
  /** The body will never be complete: the client sees it by the end of its connection. */
  breakOff(): void;
  /**
   * Sends the response. Resolves when the last byte is handed over or the client has gone; rejects
   * only when `body` fails, and then the connection is closed, so that the client sees the loss.
   */
  respond(head: ResponseHead, body: ResponseBody): Promise<void>;
  /**
   * Sends 101 and joins the client's connection with `peer` in both directions; over when both are
   * closed. `idleMs`: longest silence of both.
   */
  upgrade(head: ResponseHead, peer: UpgradedPeer, idleMs: number): void;
  /** Closes the connection without a response. */
  drop(): void;
}
