/** The port of all balancers: which of these peers gets the next try of a request. */
import type { Peer } from "../peer.ts";

export interface PickRequest {
  /** Peers that this request has tried. */
  readonly tried: ReadonlySet<Peer>;
  /** Monotonic milliseconds. */
  readonly nowMs: number;
  /** The server id that the request's session is bound to; undefined: none. */
  readonly boundTo: string | undefined;
}

export interface Balancer {
  /** Undefined: none of the peers can take the request. */
  pick(peers: readonly Peer[], request: PickRequest): Peer | undefined;
}

/** Not tried yet and able to take a request. */
export function isEligible(peer: Peer, { tried, nowMs }: PickRequest): boolean {
  return !tried.has(peer) && peer.isAvailable(nowMs);
}
