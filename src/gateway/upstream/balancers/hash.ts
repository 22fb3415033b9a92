/**
 * `hash KEY`: the key chooses the peer, compatible with Cache::Memcached as the documentation says:
 * ((crc32([round] key) >> 16) & 0x7fff) + the hash before, modulo the sum of weights. After 20 peers that
 * cannot be used, and for an empty key, the round robin decides (ngx_http_upstream_get_hash_peer).
 */
import { crc32 } from "node:zlib";
import type { Peer } from "../peer.ts";
import { type Balancer, type PickRequest, walkByHash } from "./balancer.ts";

export class Hash implements Balancer {
  readonly #fallback: Balancer;

  constructor(fallback: Balancer) {
    this.#fallback = fallback;
  }

  pick(peers: readonly Peer[], request: PickRequest): Peer | undefined {
    const { walk } = request;
    if (peers.length < 2 || walk.key === "") return this.#fallback.pick(peers, request);
    const next = (hash = 0): number => {
      const text = walk.rounds === 0 ? walk.key : `${walk.rounds}${walk.key}`;
      walk.rounds++;
      return hash + ((crc32(Buffer.from(text, "latin1")) >>> 16) & 0x7fff);
    };
    return walkByHash(peers, request, next) ?? this.#fallback.pick(peers, request);
  }
}
