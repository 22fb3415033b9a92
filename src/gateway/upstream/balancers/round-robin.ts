/**
 * Smooth weighted round robin, with nginx's exact sequences (ngx_http_upstream_get_peer): each round every
 * candidate earns its weight, the richest is chosen and pays the sum. Weights 5, 1, 1 give
 * a a b a c a a. What the peers have saved up lives in PeerHealth, so a changed list of peers goes on
 * where the old one stood.
 */
import type { Peer, PeerHealth } from "../peer.ts";
import { type Balancer, isCandidate, type PickRequest } from "./balancer.ts";

/** The part of a candidate that the arithmetic needs. */
export interface WeightedCandidate {
  readonly config: { readonly weight: number };
  readonly health: Pick<PeerHealth, "currentWeight" | "effectiveWeight">;
}

/** One round; changes the candidates' weights. Undefined: there are no candidates. */
export function chooseByWeight<Candidate extends WeightedCandidate>(
  candidates: readonly Candidate[],
): Candidate | undefined {
  let best: Candidate | undefined;
  let total = 0;
  for (const candidate of candidates) {
    const { health, config } = candidate;
    health.currentWeight += health.effectiveWeight;
    total += health.effectiveWeight;
    if (health.effectiveWeight < config.weight) health.effectiveWeight++;
    if (!best || health.currentWeight > best.health.currentWeight) best = candidate;
  }
  if (best) best.health.currentWeight -= total;
  return best;
}

export class RoundRobin implements Balancer {
  pick(peers: readonly Peer[], request: PickRequest): Peer | undefined {
    return chooseByWeight(peers.filter((peer) => isCandidate(peer, request)));
  }
}
