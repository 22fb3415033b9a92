/**
 * A running upstream: an immutable snapshot of its peers, replaced when the membership changes, with the
 * balancer and the session table in front. The attempt loop asks `pick`, then tells how it went.
 */
import type { RequestContext } from "../http/request-context.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { HashWalk, PickRequest } from "./balancers/balancer.ts";
import type { Resolvers } from "../resolver/resolvers.ts";
import { type Balancers, makeBalancers } from "./balancers/make-balancer.ts";
import { StickyBalancer } from "./balancers/sticky.ts";
import type { BoundCount } from "./bound-count.ts";
import { clusterPeers, memberPeer } from "./cluster-peers.ts";
import { Peer } from "./peer.ts";
import { ResolvedServers } from "./resolved-servers.ts";
import { inRotation, isOnLive } from "./rotation.ts";
import type { ServerDirectory } from "./server-directory.ts";
import type { SessionZones } from "./session-zones.ts";
import type { Stickiness } from "./stickiness.ts";
import { StickyCookie } from "./sticky-cookie.ts";
import { StickyLearn } from "./sticky-learn.ts";
import { StickyRoute } from "./sticky-route.ts";
import type { PeerConfig, StickyConfig, UpstreamConfig } from "./upstream-config.ts";

export type PickResult =
  | { readonly kind: "peer"; readonly peer: Peer }
  /** Nothing is left to try: "no live upstreams". */
  | { readonly kind: "none" };

export interface UpstreamServices {
  readonly clock: Clock;
  readonly directory: ServerDirectory;
  readonly zones: SessionZones;
  /** For the servers whose names are resolved at run time. */
  readonly resolvers: Resolvers;
  /** What concerns no request. */
  readonly logError: (sentence: string) => void;
  /** For `random`: 0 <= value < 1. Default: Math.random. */
  readonly random?: () => number;
}

/** One request's way through the peers: what was tried, and where the balancer stands. */
export interface PeerWalk {
  readonly tried: Set<Peer>;
  readonly hash: HashWalk;
}

/** Sessions of one zone that are bound to a node. */
export interface NodeSessions {
  readonly node: string;
  /** The gateways of the domain have the same ones. */
  readonly isShared: boolean;
  /** Undefined: the clients keep what they are bound to, and nobody can count them. */
  readonly bound: BoundCount | undefined;
}

/** How a try of a peer ended. "neutral": the peer is not to blame. */
export type PeerVerdict = "success" | "failure" | "neutral";

export class Upstream {
  readonly config: UpstreamConfig;
  readonly sticky: Stickiness | undefined;
  readonly #clock: Clock;
  readonly #directory: ServerDirectory;
  readonly #balancers: Balancers;
  readonly #unwatch: () => void;
  readonly #resolved: ResolvedServers;
  #primaries: readonly Peer[] = [];
  #backups: readonly Peer[] = [];
  /** The peers as text, to see whether they are others. */
  #described: string | undefined;
  #isOnLive = true;

  /** @param previous the upstream of the same name before a reload: its peers' health is taken over. */
  constructor(config: UpstreamConfig, services: UpstreamServices, previous?: Upstream) {
    this.config = config;
    this.#clock = services.clock;
    this.#directory = services.directory;
    this.sticky = config.sticky && makeStickiness(config.sticky, services.zones);
    const { primaries, backups } = makeBalancers(config.method, services.random ?? Math.random);
    this.#balancers = this.sticky
      ? { primaries: new StickyBalancer(primaries), backups: new StickyBalancer(backups) }
      : { primaries, backups };
    const update = (): void => this.#setPeers(this.peers);
    const before = previous ? previous.#resolved : undefined;
    this.#resolved = new ResolvedServers(config.resolvedServers, services, update, before);
    this.#setPeers(previous ? previous.peers : []);
    this.#resolved.start();
    this.#unwatch = this.#directory.onChange(update);
  }

  /** Whether no request is sent to a member that runs another revision than the live one. */
  get isOnLive(): boolean {
    return this.#isOnLive;
  }

  /** The sessions bound to the nodes of these names, an entry for each server of theirs. */
  boundTo(nodes: ReadonlySet<string>): readonly NodeSessions[] {
    const { sticky } = this;
    if (!sticky) return [];
    const found = this.peers.flatMap(({ serverId, config: { member } }) =>
      member?.node !== undefined && nodes.has(member.node) ? [{ serverId, node: member.node }] : [],
    );
    if (found.length === 0) return [];
    const { sessions } = sticky;
    const counts = sessions?.countBound(new Set(found.map(({ serverId }) => serverId)));
    return found.map(({ serverId, node }) => ({
      node,
      isShared: sessions?.isShared ?? false,
      bound: counts && (counts.get(serverId) ?? { count: 0, oldestMs: 0 }),
    }));
  }

  /** Primaries first. */
  get peers(): readonly Peer[] {
    return [...this.#primaries, ...this.#backups];
  }

  /** How many tries a request may make at most. */
  get tryCount(): number {
    return this.peers.filter((peer) => !peer.config.down).length;
  }

  /** The start of a request's way. */
  startWalk(context: RequestContext): PeerWalk {
    const { method } = this.config;
    const key = method.kind === "hash" ? method.key.evaluate(context) : "";
    const clientAddress = context.remoteAddress;
    const hash: HashWalk = { clientAddress, key, hash: undefined, rounds: 0, misses: 0 };
    return { tried: new Set(), hash };
  }

  /** The peer for the next try; it counts as tried. The caller must call `release` for it. */
  pick(context: RequestContext, { tried, hash: walk }: PeerWalk): PickResult {
    const nowMs = this.#clock.monotonicMs();
    const request = { tried, nowMs, boundTo: this.sticky?.boundTo(context), walk };
    const peer = this.#pickSingle(tried) ?? this.#pickBalanced(request);
    if (!peer) return { kind: "none" };
    tried.add(peer);
    peer.noteChosen(nowMs);
    peer.health.active++;
    this.sticky?.noteChosen(context, peer);
    return { kind: "peer", peer };
  }

  /** The try is over. @returns true when the peer is out of use from now on. */
  release(peer: Peer, verdict: PeerVerdict): boolean {
    peer.health.active--;
    if (verdict === "success") peer.noteSuccess();
    if (verdict !== "failure") return false;
    const isOut = peer.noteFailure(this.#clock.monotonicMs());
    if (this.#primaries.length + this.#backups.length > 1) return isOut;
    // The only peer is never taken out: there is nobody to go to.
    peer.health.fails = 0;
    return false;
  }

  close(): void {
    this.#unwatch();
    this.#resolved.close();
  }

  /** The only peer is used whatever its failures were. */
  #pickSingle(tried: ReadonlySet<Peer>): Peer | undefined {
    const [peer, second] = this.#primaries;
    if (!peer || second || this.#backups.length > 0) return undefined;
    if (tried.has(peer) || peer.config.drain) return undefined;
    return peer.config.down || peer.isFull ? undefined : peer;
  }

  #pickBalanced(request: PickRequest): Peer | undefined {
    const { primaries, backups } = this.#balancers;
    return primaries.pick(this.#primaries, request) ?? backups.pick(this.#backups, request);
  }

  /**
   * A peer takes over the health of the one with its address, in order where there are several; but what the process before a
   * restart failed to do does not count against the one after it.
   */
  #setPeers(before: readonly Peer[]): void {
    const configs = this.#peerConfigs();
    const described = JSON.stringify(configs);
    if (described === this.#described) return;
    this.#described = described;
    this.#isOnLive = isOnLive(configs);
    const known = Map.groupBy(before, (peer) => peer.address);
    const peers = configs.map((config) => {
      const fresh = new Peer(config);
      const old = known.get(fresh.address)?.shift();
      if (!old || isAnotherProcess(config, old.config)) return fresh;
      const sameWeight = old.config.weight === config.weight;
      if (!sameWeight) old.health.effectiveWeight = config.weight;
      return new Peer(config, old.health);
    });
    this.#primaries = peers.filter((peer) => !peer.config.backup);
    this.#backups = peers.filter((peer) => peer.config.backup);
  }

  #peerConfigs(): readonly PeerConfig[] {
    const members = this.#directory.members();
    const asMember = (config: PeerConfig): PeerConfig => memberPeer(config, members);
    const configured = this.config.peers.map(asMember);
    const live = this.config.clusterServers.flatMap((servers) => clusterPeers(servers, members));
    return inRotation([...configured, ...live, ...this.#resolved.peers().map(asMember)]);
  }
}

function isAnotherProcess({ member }: PeerConfig, before: PeerConfig): boolean {
  return member?.id !== undefined && member.id !== before.member?.id;
}

function makeStickiness(config: StickyConfig, zones: SessionZones): Stickiness {
  if (config.kind === "cookie") return new StickyCookie(config);
  if (config.kind === "route") return new StickyRoute(config);
  return new StickyLearn(config, zones.open(config));
}
