/**
 * The port of all balancers: which of these peers gets the next try of a request. One file each; make-balancer.ts
 * chooses by the configuration. Each follows its module of nginx, sequences included.
 */
import type { Peer } from "../peer.ts";

/** What balancers by hash remember between the tries of one request. */
export interface HashWalk {
  /** The client's IP address (`ip_hash`). */
  readonly clientAddress: string;
  /** The evaluated key (`hash`). */
  readonly key: string;
  /** Where the walk stands; undefined: not begun. */
  hash: number | undefined;
  /** How often the key was hashed. */
  rounds: number;
  /** Peers that could not be used so far. */
  misses: number;
}

export interface PickRequest {
  /** Peers that this request has tried. */
  readonly tried: ReadonlySet<Peer>;
  /** Monotonic milliseconds. */
  readonly nowMs: number;
  /** The server id that the request's session is bound to; undefined: none. */
  readonly boundTo: string | undefined;
  readonly walk: HashWalk;
}

export interface Balancer {
  /** Undefined: none of the peers can take the request. */
  pick(peers: readonly Peer[], request: PickRequest): Peer | undefined;
}

/** Misses after which balancers by hash and by chance fall back to the round robin. */
export const MISSES_MAX = 20;

/**
 * Hashes on until a peer can be used, 20 times at most (ngx_http_upstream_get_hash_peer).
 * @param next the hash of the next step, from that of the step before (undefined: the first).
 */
export function walkByHash(
  peers: readonly Peer[],
  request: PickRequest,
  next: (hash: number | undefined) => number,
): Peer | undefined {
  const { walk } = request;
  const total = totalWeight(peers);
  while (walk.misses <= MISSES_MAX) {
    walk.hash = next(walk.hash);
    const peer = peerAt(peers, walk.hash % total);
    if (peer && isCandidate(peer, request)) return peer;
    walk.misses++;
  }
  return undefined;
}

/** Not tried yet and able to take a request. */
export function isEligible(peer: Peer, { tried, nowMs }: PickRequest): boolean {
  return !tried.has(peer) && peer.isAvailable(nowMs);
}

/** Eligible for a request that no session binds to it. */
export function isCandidate(peer: Peer, request: PickRequest): boolean {
  return !peer.config.drain && isEligible(peer, request);
}

/** Weights of all the peers together, whatever their state. */
export function totalWeight(peers: readonly Peer[]): number {
  return peers.reduce((sum, { config }) => sum + config.weight, 0);
}

/** The peer at a place on the line of all weights, 0 <= place < totalWeight. */
export function peerAt(peers: readonly Peer[], place: number): Peer | undefined {
  let rest = place;
  for (const peer of peers) {
    if (rest < peer.config.weight) return peer;
    rest -= peer.config.weight;
  }
  return undefined;
}
