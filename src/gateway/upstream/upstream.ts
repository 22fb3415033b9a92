/**
 * A running upstream: an immutable snapshot of its peers, replaced when the membership changes, with the
 * balancer and the session table in front. The attempt loop asks `pick`, then tells how it went.
 */
import type { RequestContext } from "../http/request-context.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Balancer } from "./balancers/balancer.ts";
import { RoundRobin } from "./balancers/round-robin.ts";
import { StickyBalancer } from "./balancers/sticky.ts";
import { clusterPeers } from "./cluster-peers.ts";
import { Peer } from "./peer.ts";
import type { ServerDirectory } from "./server-directory.ts";
import type { SessionZones } from "./session-table.ts";
import { StickyLearn } from "./sticky-learn.ts";
import type { UpstreamConfig } from "./upstream-config.ts";

export type PickResult =
  | { readonly kind: "peer"; readonly peer: Peer }
  /** Nothing is left to try: "no live upstreams". */
  | { readonly kind: "none" };

export interface UpstreamServices {
  readonly clock: Clock;
  readonly directory: ServerDirectory;
  readonly zones: SessionZones;
}

/** How a try of a peer ended. "neutral": the peer is not to blame. */
export type PeerVerdict = "success" | "failure" | "neutral";

export class Upstream {
  readonly config: UpstreamConfig;
  readonly sticky: StickyLearn | undefined;
  readonly #clock: Clock;
  readonly #directory: ServerDirectory;
  readonly #balancer: Balancer;
  readonly #unwatch: () => void;
  #peers: readonly Peer[];

  /** @param previous the upstream of the same name before a reload: its peers' health is taken over. */
  constructor(config: UpstreamConfig, services: UpstreamServices, previous?: Upstream) {
    this.config = config;
    this.#clock = services.clock;
    this.#directory = services.directory;
    const roundRobin = new RoundRobin();
    if (config.sticky) {
      const { zoneName, zoneBytes, timeoutMs } = config.sticky;
      const table = services.zones.open(zoneName, zoneBytes, timeoutMs);
      this.sticky = new StickyLearn(config.sticky, table);
    }
    this.#balancer = this.sticky ? new StickyBalancer(roundRobin) : roundRobin;
    this.#peers = this.#makePeers(previous ? previous.peers : []);
    this.#unwatch =
      config.clusterServers.length === 0
        ? () => {}
        : this.#directory.onChange(() => {
            this.#peers = this.#makePeers(this.#peers);
          });
  }

  get peers(): readonly Peer[] {
    return this.#peers;
  }

  /** How many tries a request may make at most. */
  get tryCount(): number {
    return this.#peers.filter((peer) => !peer.config.down).length;
  }

  /** The peer for the next try. The caller must call `release` for it. */
  pick(context: RequestContext, tried: ReadonlySet<Peer>): PickResult {
    const nowMs = this.#clock.monotonicMs();
    const request = { tried, nowMs, boundTo: this.sticky?.boundTo(context) };
    const peer = this.#pickSingle(tried) ?? this.#pickBalanced(request);
    if (!peer) return { kind: "none" };
    peer.noteChosen(nowMs);
    peer.health.active++;
    return { kind: "peer", peer };
  }

  /** The try is over. @returns true when the peer is out of use from now on. */
  release(peer: Peer, verdict: PeerVerdict): boolean {
    peer.health.active--;
    if (verdict === "success") peer.noteSuccess();
    if (verdict !== "failure") return false;
    const isOut = peer.noteFailure(this.#clock.monotonicMs());
    if (this.#peers.length > 1) return isOut;
    // The only peer is never taken out: there is nobody to go to.
    peer.health.fails = 0;
    return false;
  }

  close(): void {
    this.#unwatch();
  }

  /** The only peer is used whatever its failures were. */
  #pickSingle(tried: ReadonlySet<Peer>): Peer | undefined {
    const [peer, ...others] = this.#peers;
    if (!peer || others.length > 0 || tried.has(peer) || peer.config.drain) return undefined;
    return peer.config.down || peer.isFull ? undefined : peer;
  }

  #pickBalanced(request: Parameters<Balancer["pick"]>[1]): Peer | undefined {
    const primaries = this.#peers.filter((peer) => !peer.config.backup);
    const backups = this.#peers.filter((peer) => peer.config.backup);
    return this.#balancer.pick(primaries, request) ?? this.#balancer.pick(backups, request);
  }

  #makePeers(before: readonly Peer[]): readonly Peer[] {
    const members = this.#directory.members();
    const live = this.config.clusterServers.flatMap((servers) => clusterPeers(servers, members));
    const known = new Map(before.map((peer) => [peer.address, peer]));
    return [...this.config.peers, ...live].map((config) => {
      const fresh = new Peer(config);
      const old = known.get(fresh.address);
      if (!old) return fresh;
      const sameWeight = old.config.weight === config.weight;
      if (!sameWeight) old.health.effectiveWeight = config.weight;
      return new Peer(config, old.health);
    });
  }
}
