/**
 * The boundary between what carries HTTP and what decides about requests: one request with its connection
 * and the ways to answer it. node-exchange.ts implements it over node:http; another engine may replace
 * that without a change behind this line.
 */
import type { Duplex, Readable } from "node:stream";
import type { HeaderField } from "./header-fields.ts";

export interface RequestHead {
  readonly method: string;
  /** The target of the request line, as received. */
  readonly target: string;
  /** "1.0" or "1.1". */
  readonly version: string;
  /** Names that are not letters, digits and "-" are already dropped. */
  readonly fields: readonly HeaderField[];
}

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

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  /** Without Connection and Transfer-Encoding: the exchange writes them. */
  readonly fields: readonly HeaderField[];
  /** The connection serves no other request after this one. Default: it may. */
  readonly closes?: boolean;
}

/** undefined: no body. */
export type ResponseBody = Readable | Buffer | undefined;

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
