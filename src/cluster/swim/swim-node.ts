/**
 * The protocol: SWIM (Das, Gupta, Motivala 2002) with suspicion, and Lifeguard (Dadgar, Phillips, Currey 2017). Driven by `tick` and
 * `receive`; time, chance and network are arguments, so that a simulation runs exactly what production runs.
 * `SwimCluster` makes the `Membership` port of it. The decisions are in ClaimRules, Prober, Suspicion and LocalHealth.
 */
import type { Clock } from "../../runtime/clock.ts";
import type { LeaveReason, Member } from "../cluster.ts";
import type { Address } from "../member-address.ts";
import { AGE_MS_MAX, givesWay } from "../member-order.ts";
import type { Claim, GoneClaim, SuspectClaim } from "./claim.ts";
import { ClaimRules } from "./claim-rules.ts";
import { claimBytes, PIGGYBACK_BYTES_MAX } from "./claim-size.ts";
import { ContactBook } from "./contact-book.ts";
import { GossipQueue, gossipLimit } from "./gossip-queue.ts";
import { LocalHealth } from "./local-health.ts";
import { type Entry, MemberTable } from "./member-table.ts";
import type { Packet, Piggyback, SwimPort } from "./packet.ts";
import { ProbeRing } from "./probe-ring.ts";
import { Prober } from "./prober.ts";
import type { Random } from "./random.ts";
import { StateExchanger } from "./state-exchanger.ts";
import {
  BACKLOG_NEWS,
  CONTACT_MS,
  DISAGREEMENT_MS,
  EAGER_MEMBERS_MAX,
  EXCHANGE_MS,
  GOSSIP_FANOUT,
  STALL_MS,
  SUSPECT_ASKERS,
  SUSPECT_PING_MS,
  type SwimTiming,
  TICK_MS,
} from "./swim-timing.ts";

/** Handlers are called while the protocol works: they must not block and may not call back at once. */
export interface SwimEvents {
  readonly joined: (member: Member) => void;
  readonly left: (member: Member, reason: LeaveReason) => void;
  readonly updated: (member: Member) => void;
  /** The own record has a new incarnation. */
  readonly refuted: () => void;
  /** The own record was put behind that of a member which runs longer. */
  readonly gaveWay: () => void;
  /** Why a member may not take part; undefined: it may. */
  readonly refusal: (member: Member) => string | undefined;
}

export interface SwimNodeOptions {
  readonly self: Member;
  readonly wellKnown: readonly Address[];
  readonly timing: SwimTiming;
  readonly port: SwimPort;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: SwimEvents;
}

type Receiver = Address & { readonly id: string };

/** Those that are gone are told in a state exchange, so many at most. */
const GONE_TOLD_MAX = 100;

export class SwimNode {
  readonly table: MemberTable;
  readonly contacts: ContactBook;
  readonly health = new LocalHealth();
  readonly #options: SwimNodeOptions;
  readonly #clock: Clock;
  readonly #startedMs: number;
  readonly #gossip = new GossipQueue(claimBytes);
  readonly #ring: ProbeRing;
  readonly #prober: Prober;
  readonly #rules: ClaimRules;
  readonly #exchanger: StateExchanger;
  readonly #isMissing = (address: Address): boolean => this.table.at(address) === undefined;
  #tickedMs: number;
  #contactMs = Number.NEGATIVE_INFINITY;
  #exchangeMs: number;

  constructor(options: SwimNodeOptions) {
    const { self, wellKnown, timing, port, clock, random } = options;
    this.#options = options;
    this.#clock = clock;
    this.#startedMs = clock.monotonicMs();
    this.table = new MemberTable(self);
    this.contacts = new ContactBook(self, wellKnown);
    this.#ring = new ProbeRing(random);
    this.#rules = new ClaimRules(this.table, this.#effects());
    this.#prober = new Prober({
      table: this.table,
      ring: this.#ring,
      health: this.health,
      timing,
      ping: (member, seq) => this.#ping(member, seq),
      send: (packet, to) => port.send(packet, to),
      failed: (entry) => this.#rules.accuse(entry, this.#clock.monotonicMs()),
    });
    this.#exchanger = new StateExchanger({
      port,
      clock,
      own: () => this.table.claims(GONE_TOLD_MAX),
      take: (claims, from) => this.#hearAll(claims, from),
    });
    this.#tickedMs = clock.monotonicMs();
    this.#exchangeMs = this.#tickedMs + EXCHANGE_MS * random();
  }

  /** Whether the state of at least one other member has come, or there is nobody whose state could. */
  get hasState(): boolean {
    return this.#exchanger.finished > 0 || this.table.size === 1;
  }

  /** Well-known members that are not there. */
  get missingWellKnown(): readonly Address[] {
    return this.contacts.missingWellKnown(this.#isMissing);
  }

  /** To be called every TICK_MS. */
  tick(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#tickedMs - TICK_MS > STALL_MS) this.#grace(nowMs);
    this.#tickedMs = nowMs;
    if (!this.#rules.isLeaving) {
      this.#prober.tick(nowMs);
      this.#tellSuspects(nowMs);
      this.#rules.expire(nowMs);
      this.#greetContacts(nowMs);
      this.#exchangeNowAndThen(nowMs);
    }
    this.#spreadNews();
  }

  /** Takes a packet of the member `sender`, which was addressed to this node or to nobody. */
  receive(sender: string, packet: Packet, from: Address): void {
    switch (packet.kind) {
      case "hello":
        if (this.#rules.isLeaving || this.table.gone(sender)?.reason === "left") return;
        this.#ping({ id: sender, host: packet.host, port: packet.port }, this.#prober.nextSeq());
        return;
      case "ping":
        this.#hearAll(packet.claims, sender);
        this.#compareAges(sender, packet.ageMs);
        this.#answer(sender, packet, from);
        this.#compareViews(sender, packet.view);
        return;
      case "ack":
        this.#hearAll(packet.claims, sender);
        this.#prober.acked(packet.seq);
        this.#compareAges(sender, packet.ageMs);
        this.#compareViews(sender, packet.view);
        return;
      case "ping-req":
        this.#prober.relay(sender, packet.seq, packet.target, this.#clock.monotonicMs());
        return;
      case "nack":
        this.#prober.nacked(packet.seq);
        return;
      case "gossip":
        this.#hearAll(packet.claims, sender);
        return;
      case "bye":
        this.#hearFarewell(sender, packet.incarnation);
        return;
      case "message":
      case "message-ack":
      case "bye-ack":
        return;
    }
  }

  /** The other side of a state exchange: takes the state of `sender` and gives the own one. */
  exchange(sender: string, claims: readonly Claim[]): readonly Claim[] {
    const own = this.table.claims(GONE_TOLD_MAX);
    this.#hearAll(claims, sender);
    return own;
  }

  /** Tells the others of a changed own record; its incarnation must have grown. */
  announce(self: Member): void {
    this.table.self = self;
    if (!this.#rules.isLeaving) this.#announce({ kind: "alive", member: self });
  }

  /** Takes out those who may not take part any more. */
  recheck(): void {
    for (const entry of this.table.entries()) {
      if (this.#options.events.refusal(entry.member) !== undefined)
        this.#rules.bury(entry, "refused", entry.member.incarnation);
    }
  }

  /** This node leaves: it does not refute, probe or greet any more. Returns the incarnation that it leaves with. */
  leave(): number {
    this.#rules.isLeaving = true;
    return this.table.self.incarnation;
  }

  #effects() {
    const { events } = this.#options;
    return {
      joined: (member: Member) => {
        this.#ring.add(member.id);
        events.joined(member);
      },
      left: (member: Member, reason: LeaveReason) => {
        this.#ring.remove(member.id);
        this.#prober.forget(member.id);
        if (reason === "silent") this.contacts.lose(member, this.#clock.monotonicMs());
        else this.contacts.drop(member);
        events.left(member, reason);
      },
      updated: events.updated,
      spread: (claim: Claim) => this.#gossip.add(claim),
      suspected: (entry: Entry) => {
        if (this.#isChosen()) this.#prober.probe(entry.member.id, this.#clock.monotonicMs());
      },
      greet: (address: Address) => this.#hello(address),
      refuted: (by: string) => this.#refuted(by),
      refusal: events.refusal,
    };
  }

  /** Whether this node is one of the SUSPECT_ASKERS that ask, as chance has it. */
  #isChosen(): boolean {
    return this.#options.random() * (this.table.size - 2) < SUSPECT_ASKERS;
  }

  #refuted(by: string): void {
    this.health.worsen();
    this.#announce({ kind: "alive", member: this.table.self });
    const accuser = this.table.get(by);
    if (accuser) this.#ping(accuser.member, this.#prober.nextSeq());
    this.#options.events.refuted();
  }

  #hearAll(claims: readonly Claim[], from: string): void {
    const nowMs = this.#clock.monotonicMs();
    for (const claim of claims) this.#rules.hear(claim, from, nowMs);
  }

  #hearFarewell(sender: string, incarnation: number): void {
    const member = this.table.get(sender)?.member ?? this.table.gone(sender);
    if (!member) return;
    const { host, port } = member;
    const claim: GoneClaim = { kind: "gone", id: sender, incarnation, reason: "left", host, port };
    this.#rules.hear(claim, sender, this.#clock.monotonicMs());
    this.#options.port.send({ kind: "bye-ack", to: sender }, { host, port });
  }

  #answer(sender: string, ping: Packet & { kind: "ping" }, from: Address): void {
    if (this.#rules.isLeaving) return;
    const address = this.table.get(sender)?.member ?? this.table.gone(sender) ?? from;
    const { host, port } = address;
    const piggyback = this.#piggyback({ id: sender, host, port }, ping.holds);
    this.#options.port.send({ kind: "ack", to: sender, seq: ping.seq, ...piggyback }, address);
  }

  #ping(member: Receiver, seq: number): void {
    const isKnown = this.table.get(member.id)?.isMet === true;
    const piggyback = this.#piggyback(member, isKnown ? this.table.self.incarnation : -1);
    this.#options.port.send({ kind: "ping", to: member.id, seq, ...piggyback }, member);
  }

  #hello(address: Address): void {
    const { host, port } = this.table.self;
    this.#options.port.send({ kind: "hello", host, port }, address);
  }

  /** What goes with a ping or an answer. `held`: the incarnation under which the receiver knows this node. */
  #piggyback(receiver: Receiver, held: number): Piggyback {
    const { self, view, size } = this.table;
    const claims: Claim[] = [];
    const about = this.#claimAbout(receiver.id);
    if (about) claims.push(about);
    if (held !== self.incarnation) {
      const own: Claim = { kind: "alive", member: self };
      // Both in one datagram, unless the own record is so large that it needs one for itself.
      if (bytesOf([...claims, own]) <= PIGGYBACK_BYTES_MAX) claims.push(own);
      else this.#options.port.send({ kind: "gossip", to: receiver.id, claims: [own] }, receiver);
    }
    const { disseminationFactor, maxDgramBytes } = this.#options.timing;
    const room = Math.min(maxDgramBytes, PIGGYBACK_BYTES_MAX) - bytesOf(claims);
    claims.push(...this.#gossip.take(room, gossipLimit(disseminationFactor, size)));
    const holds = this.table.get(receiver.id)?.member.incarnation ?? -1;
    return { holds, view, ageMs: this.#ageMs, claims };
  }

  /** What the receiver should refute (Lifeguard, section IV-C: the buddy system). */
  #claimAbout(receiver: string): SuspectClaim | GoneClaim | undefined {
    const suspicion = this.table.get(receiver)?.suspicion;
    if (!suspicion) return this.table.gone(receiver);
    const { incarnation } = suspicion;
    return { kind: "suspect", id: receiver, incarnation, by: this.table.self.id };
  }

  /** News of this node's own: in a small cluster to all at once. */
  #announce(claim: Claim): void {
    this.#gossip.add(claim);
    if (this.table.size > EAGER_MEMBERS_MAX) return;
    for (const { member } of this.table.entries())
      this.#options.port.send({ kind: "gossip", to: member.id, claims: [claim] }, member);
  }

  #spreadNews(): void {
    if (this.#gossip.size === 0) return;
    const { timing, port } = this.#options;
    const limit = gossipLimit(timing.disseminationFactor, this.table.size);
    const bytes = Math.min(timing.maxDgramBytes, PIGGYBACK_BYTES_MAX);
    for (const id of this.#ring.some(GOSSIP_FANOUT, () => false)) {
      const entry = this.table.get(id);
      const claims = entry ? this.#gossip.take(bytes, limit) : [];
      if (entry && claims.length > 0) port.send({ kind: "gossip", to: id, claims }, entry.member);
    }
    // Nobody to tell: the news is given up.
    if (this.table.size === 1) this.#gossip.take(Number.POSITIVE_INFINITY, 0);
  }

  #tellSuspects(nowMs: number): void {
    for (const entry of this.table.entries()) {
      if (!entry.suspicion || nowMs - entry.toldMs < SUSPECT_PING_MS) continue;
      entry.toldMs = nowMs;
      if (this.#isChosen()) this.#ping(entry.member, this.#prober.nextSeq());
    }
  }

  #greetContacts(nowMs: number): void {
    if (nowMs - this.#contactMs < CONTACT_MS) return;
    this.#contactMs = nowMs;
    for (const address of this.contacts.due(nowMs, this.#isMissing)) this.#hello(address);
  }

  #exchangeNowAndThen(nowMs: number): void {
    if (nowMs < this.#exchangeMs) return;
    this.#exchangeMs = nowMs + EXCHANGE_MS * (0.5 + this.#options.random());
    const [id] = this.#ring.some(1, () => false);
    const entry = id === undefined ? undefined : this.table.get(id);
    if (entry) this.#exchanger.begin(entry.member);
  }

  get #ageMs(): number {
    return Math.min(AGE_MS_MAX, Math.floor(this.#clock.monotonicMs() - this.#startedMs));
  }

  /** Who has run longer is the older one, whatever the wall clocks say. */
  #compareAges(sender: string, ageMs: number): void {
    const { self } = this.table;
    const other = this.table.get(sender)?.member;
    if (!other || this.#rules.isLeaving) return;
    const startedAtMs = givesWay({ member: self, ageMs: this.#ageMs }, { member: other, ageMs });
    if (startedAtMs === undefined) return;
    this.announce({ ...self, startedAtMs, incarnation: self.incarnation + 1 });
    this.#options.events.gaveWay();
  }

  #compareViews(sender: string, view: number): void {
    const entry = this.table.get(sender);
    if (!entry || this.#rules.isLeaving) return;
    if (view === this.table.view) {
      entry.differsSinceMs = undefined;
      return;
    }
    if (this.#exchanger.finished === 0) {
      this.#exchanger.begin(entry.member);
      return;
    }
    const nowMs = this.#clock.monotonicMs();
    entry.differsSinceMs ??= nowMs;
    const isLasting = nowMs - entry.differsSinceMs >= DISAGREEMENT_MS;
    const isNewsComing = this.#gossip.size > 0 && this.#gossip.size <= BACKLOG_NEWS;
    if (isLasting && !isNewsComing) this.#exchanger.begin(entry.member);
  }

  #grace(nowMs: number): void {
    this.health.worsen();
    this.#prober.grace(nowMs);
    for (const { suspicion } of this.table.entries()) suspicion?.timer.grace(nowMs);
  }
}

function bytesOf(claims: readonly Claim[]): number {
  return claims.reduce((sum, claim) => sum + claimBytes(claim), 0);
}
