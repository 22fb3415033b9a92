/** How a request to a peer fails: what client-connection.ts tells, and what decides about another try and about log lines. */

/** How far a request came. From "head" on it may have reached the peer. */
export type PeerPhase = "connect" | "handshake" | "head" | "body";

export interface PeerFailure {
  readonly reason: "error" | "timeout" | "invalid_header";
  readonly phase: PeerPhase;
  /** Undefined: the peer closed the connection. */
  readonly error: Error | undefined;
  /** What is wrong with the peer's message. */
  readonly sentence: string | undefined;
}

/** What a connection to a peer is doing. */
export type PeerState = "connecting" | "handshake" | "idle" | "head" | "body" | "tunnel" | "closed";

/** How far a request is while its connection does that. */
export const PHASES: Readonly<Record<PeerState, PeerPhase>> = {
  connecting: "connect",
  handshake: "handshake",
  idle: "head",
  head: "head",
  body: "body",
  tunnel: "body",
  closed: "head",
};
