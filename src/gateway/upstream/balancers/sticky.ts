/**
 * Stickiness wraps a balancer, it is none itself: the peer that the session is bound to if it can take the
 * request (draining is no obstacle), else whatever the wrapped balancer says. Never an error because the
 * bound peer is gone.
 */
import type { Peer } from "../peer.ts";
import { type Balancer, isEligible, type PickRequest } from "./balancer.ts";

export class StickyBalancer implements Balancer {
  readonly #inner: Balancer;

  constructor(inner: Balancer) {
    this.#inner = inner;
  }

  pick(peers: readonly Peer[], request: PickRequest): Peer | undefined {
    const { boundTo } = request;
    const bound =
      boundTo === undefined ? undefined : peers.find((peer) => peer.serverId === boundTo);
    if (!bound || !isEligible(bound, request)) return this.#inner.pick(peers, request);
    charge(bound, peers);
    return bound;
  }
}

/**
 * A bound request costs the peer its turn, but only one at a time: many bound requests in a row must not
 * keep new sessions away from it afterwards. Lower bound: -(sum of weights - own weight).
 */
function charge(peer: Peer, peers: readonly Peer[]): void {
  const total = peers.reduce((sum, { health }) => sum + health.effectiveWeight, 0);
  const { health } = peer;
  const lowest = -(total - health.effectiveWeight);
  health.currentWeight = Math.max(lowest, health.currentWeight - (total - health.effectiveWeight));
}
