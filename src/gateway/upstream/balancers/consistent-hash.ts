/**
 * `hash KEY consistent`: 160 points a weight on a ring, compatible with Cache::Memcached::Fast (ketama):
 * crc32(HOST \0 PORT, hash of the point before). The key's point or the next one on the ring names the
 * server; its addresses share by weight (ngx_http_upstream_get_chash_peer).
 */
import { crc32 } from "node:zlib";
import type { Peer } from "../peer.ts";
import { type Balancer, isCandidate, MISSES_MAX, type PickRequest } from "./balancer.ts";
import { chooseByWeight } from "./round-robin.ts";

const POINTS_PER_WEIGHT = 160;

interface Point {
  readonly hash: number;
  /** As written in the configuration. */
  readonly server: string;
}

export class ConsistentHash implements Balancer {
  readonly #fallback: Balancer;
  /** Rings by list of peers: a changed list is a new one. */
  readonly #rings = new WeakMap<readonly Peer[], readonly Point[]>();

  constructor(fallback: Balancer) {
    this.#fallback = fallback;
  }

  pick(peers: readonly Peer[], request: PickRequest): Peer | undefined {
    const { walk } = request;
    if (peers.length < 2 || walk.key === "") return this.#fallback.pick(peers, request);
    const ring = this.#ringOf(peers);
    walk.hash ??= firstPoint(ring, crc32(Buffer.from(walk.key, "latin1")));
    while (walk.misses <= MISSES_MAX) {
      const server = ring[walk.hash % ring.length]?.server;
      const candidates = peers.filter(
        (peer) => peer.config.name === server && isCandidate(peer, request),
      );
      const peer = chooseByWeight(candidates);
      if (peer) return peer;
      walk.hash++;
      walk.misses++;
    }
    return this.#fallback.pick(peers, request);
  }

  #ringOf(peers: readonly Peer[]): readonly Point[] {
    const known = this.#rings.get(peers);
    if (known) return known;
    const ring = makeRing(peers);
    this.#rings.set(peers, ring);
    return ring;
  }
}

/** Sorted by hash; of equal hashes only the first. */
function makeRing(peers: readonly Peer[]): readonly Point[] {
  const points = peers.flatMap(({ config }) => pointsOf(config.name, config.weight));
  points.sort((left, right) => left.hash - right.hash);
  return points.filter(({ hash }, at) => at === 0 || points[at - 1]?.hash !== hash);
}

function pointsOf(server: string, weight: number): readonly Point[] {
  const [, host, port = ""] = /^(?!unix:)(.*):(\d*)$/s.exec(server) ?? [];
  const base = crc32(`${host ?? server.replace(/^unix:/, "")}\0${port}`);
  const points: Point[] = [];
  const previous = Buffer.alloc(4);
  for (let count = 0; count < weight * POINTS_PER_WEIGHT; count++) {
    const hash = crc32(previous, base);
    points.push({ hash, server });
    previous.writeUInt32LE(hash);
  }
  return points;
}

/** The first point at or after the hash; beyond the last one the walk wraps around. */
function firstPoint(ring: readonly Point[], hash: number): number {
  let low = 0;
  let high = ring.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ring[middle]?.hash ?? 0) < hash) low = middle + 1;
    else high = middle;
  }
  return low;
}
