/**
 * `random [two [least_conn]]`: a peer by chance, by weight; with `two` the less loaded of two different ones.
 * After 20 peers that cannot be used the round robin decides (ngx_http_upstream_get_random_peer).
 */
import type { Peer } from "../peer.ts";
import {
  type Balancer,
  isCandidate,
  MISSES_MAX,
  peerAt,
  type PickRequest,
  totalWeight,
} from "./balancer.ts";
import { compareLoad } from "./least-conn.ts";

export interface RandomOptions {
  /** Draw two, take the less loaded. */
  readonly two: boolean;
  /** 0 <= value < 1. */
  readonly random: () => number;
}

export class Random implements Balancer {
  readonly #options: RandomOptions;
  readonly #fallback: Balancer;

  constructor(options: RandomOptions, fallback: Balancer) {
    this.#options = options;
    this.#fallback = fallback;
  }

  pick(peers: readonly Peer[], request: PickRequest): Peer | undefined {
    const { two, random } = this.#options;
    const { walk } = request;
    const total = totalWeight(peers);
    let first: Peer | undefined;
    while (peers.length > 1 && walk.misses <= MISSES_MAX) {
      const peer = peerAt(peers, Math.floor(random() * total));
      const isUsable = peer && peer !== first && isCandidate(peer, request);
      if (!isUsable) walk.misses++;
      else if (!two) return peer;
      else if (first) return compareLoad(peer, first) > 0 ? first : peer;
      else first = peer;
    }
    return this.#fallback.pick(peers, request);
  }
}
