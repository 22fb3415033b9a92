/** A request to a peer as its connection sees it: who hears of the response, and the bounds of every wait. */
import type { PeerFailure } from "./peer-failure.ts";
import type { PeerHead } from "./peer-head.ts";

/** Whoever has sent a request. After `onEnd`, `onFailure` and `detach` nothing more comes. */
export interface PeerHandler {
  /** The connection stands: the request may be written. Within `begin` when it stood already. */
  onConnected(): void;
  /** 103, before `onHead`; may come several times. Absent: it is dropped. */
  onEarlyHints?(head: PeerHead): void;
  onHead(head: PeerHead): void;
  /** `chunk` is overwritten after the call. */
  onData(chunk: Buffer): void;
  onEnd(): void;
  /** All that one read brought has been handed over. */
  onReadDone(): void;
  /** What was written has gone out. */
  onDrain(): void;
  onFailure(failure: PeerFailure): void;
}

export interface PeerRequest {
  readonly method: string;
  readonly handler: PeerHandler;
  /** Bounds, in milliseconds: for TCP and for TLS each; between two writes; between two reads. */
  readonly connectTimeoutMs: number;
  readonly sendTimeoutMs: number;
  readonly readTimeoutMs: number;
  /** From the end of the request to the end of the head, however it comes. Default: `readTimeoutMs` between two reads. */
  readonly headTimeoutMs?: number;
  /** Of the head of the response. */
  readonly headBytesMax: number;
}
