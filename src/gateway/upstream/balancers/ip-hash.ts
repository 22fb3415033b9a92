/**
 * `ip_hash`: the client's address chooses the peer: the first three bytes of IPv4, all of IPv6, as
 * ngx_http_upstream_get_ip_hash_peer. A peer that cannot be used is passed over by hashing on; after
 * 20 misses the round robin decides.
 */
import { isIPv4, isIPv6 } from "node:net";
import type { Peer } from "../peer.ts";
import { type Balancer, type PickRequest, walkByHash } from "./balancer.ts";

const HASH_START = 89;
const HASH_FACTOR = 113;
const HASH_MODULUS = 6271;

export class IpHash implements Balancer {
  readonly #fallback: Balancer;

  constructor(fallback: Balancer) {
    this.#fallback = fallback;
  }

  pick(peers: readonly Peer[], request: PickRequest): Peer | undefined {
    if (peers.length < 2) return this.#fallback.pick(peers, request);
    const bytes = hashedBytes(request.walk.clientAddress);
    const next = (hash = HASH_START): number =>
      bytes.reduce((sum, byte) => (sum * HASH_FACTOR + byte) % HASH_MODULUS, hash);
    return walkByHash(peers, request, next) ?? this.#fallback.pick(peers, request);
  }
}

/** The bytes of the address that count; zeros for what is no address (unix sockets). */
function hashedBytes(address: string): readonly number[] {
  if (isIPv4(address)) return address.split(".").slice(0, 3).map(Number);
  return isIPv6(address) ? ipv6Bytes(address) : [0, 0, 0];
}

function ipv6Bytes(address: string): readonly number[] {
  const [text = ""] = address.split("%", 1);
  const mapped = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const [, start = "", ...quad] = mapped ?? [];
  const [one = 0, two = 0, three = 0, four = 0] = quad.map(Number);
  const words = `${(one * 256 + two).toString(16)}:${(three * 256 + four).toString(16)}`;
  const [head = "", tail] = (mapped ? start + words : text).split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => "0");
  return [...left, ...zeros, ...right].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
