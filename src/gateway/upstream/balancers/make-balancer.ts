/** The balancers of an upstream: one for its primary peers, one for its backups. A new method is one file and one case here. */
import type { BalancingMethod } from "../upstream-config.ts";
import type { Balancer } from "./balancer.ts";
import { ConsistentHash } from "./consistent-hash.ts";
import { Hash } from "./hash.ts";
import { IpHash } from "./ip-hash.ts";
import { LeastConn } from "./least-conn.ts";
import { Random } from "./random.ts";
import { RoundRobin } from "./round-robin.ts";

export interface Balancers {
  readonly primaries: Balancer;
  /** Only `least_conn` balances backups itself, as in nginx. */
  readonly backups: Balancer;
}

/** @param random 0 <= value < 1. */
export function makeBalancers(method: BalancingMethod, random: () => number): Balancers {
  const roundRobin = new RoundRobin();
  const backups = method.kind === "least_conn" ? new LeastConn() : roundRobin;
  return { primaries: makePrimary(method, roundRobin, random), backups };
}

function makePrimary(
  method: BalancingMethod,
  roundRobin: RoundRobin,
  random: () => number,
): Balancer {
  switch (method.kind) {
    case "least_conn":
      return new LeastConn();
    case "ip_hash":
      return new IpHash(roundRobin);
    case "hash":
      return method.consistent ? new ConsistentHash(roundRobin) : new Hash(roundRobin);
    case "random":
      return new Random({ two: method.two, random }, roundRobin);
    case "round_robin":
    default:
      return roundRobin;
  }
}
