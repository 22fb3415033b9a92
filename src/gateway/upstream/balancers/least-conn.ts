/**
 * `least_conn`: the peer with the fewest requests in progress for its weight; among equals the smooth weighted
 * round robin decides (ngx_http_upstream_get_least_conn_peer).
 */
import type { Peer } from "../peer.ts";
import { type Balancer, isCandidate, type PickRequest } from "./balancer.ts";
import { chooseByWeight } from "./round-robin.ts";

/** Below 0: `left` is less loaded; 0: equally. */
export function compareLoad(left: Peer, right: Peer): number {
  return left.health.active * right.config.weight - right.health.active * left.config.weight;
}

export class LeastConn implements Balancer {
  pick(peers: readonly Peer[], request: PickRequest): Peer | undefined {
    let best: Peer[] = [];
    for (const peer of peers) {
      if (!isCandidate(peer, request)) continue;
      const order = best[0] ? compareLoad(peer, best[0]) : -1;
      if (order < 0) best = [peer];
      else if (order === 0) best.push(peer);
    }
    return best.length > 1 ? chooseByWeight(best) : best[0];
  }
}
