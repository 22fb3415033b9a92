/**
 * The failure detector (SWIM, section 4.1): pings one member after the other; who does not answer is pinged through others, and
 * only when none of them brings an answer either it is accused. Lifeguard (section IV-A): an ailing node takes more time, and helpers
 * say when they have no answer yet, so that missing ones show who is ailing.
 */
import type { Member } from "../cluster.ts";
import type { LocalHealth } from "./local-health.ts";
import type { Entry, MemberTable } from "./member-table.ts";
import type { Packet } from "./packet.ts";
import type { ProbeRing } from "./probe-ring.ts";
import { GRACES_MAX, type SwimTiming } from "./swim-timing.ts";

export interface ProberOptions {
  readonly table: MemberTable;
  readonly ring: ProbeRing;
  readonly health: LocalHealth;
  readonly timing: SwimTiming;
  /** Sends a ping with what else there is to say. */
  readonly ping: (member: Member, seq: number) => void;
  readonly send: (packet: Packet, to: Member) => void;
  /** Nobody got an answer. */
  readonly failed: (entry: Entry) => void;
}

interface Probe {
  readonly id: string;
  readonly seq: number;
  startedMs: number;
  /** Of the local health when it began. */
  readonly factor: number;
  /** Pings sent so far: one, one more when half of the time is over, one with the questions to others. */
  pings: number;
  helpers: number;
  nacks: number;
  graces: number;
}

/** Somebody else waits for the answer to a ping of this node. */
interface Relay {
  readonly origin: string;
  readonly originSeq: number;
  readonly untilMs: number;
  isNacked: boolean;
}

/** Questions of others at a time; beyond it they are not answered, and the asker has other helpers. */
const RELAYS_MAX = 256;

export class Prober {
  readonly #options: ProberOptions;
  /** By the number of their pings. */
  readonly #probes = new Map<number, Probe>();
  readonly #probed = new Set<string>();
  readonly #relays = new Map<number, Relay>();
  #seq = 0;
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  tick(nowMs: number): void {
    const { ring, health, timing } = this.#options;
    for (const probe of this.#probes.values()) this.#pursue(probe, nowMs);
    this.#tendRelays(nowMs);
    if (nowMs < this.#nextMs) return;
    const intervalMs = timing.pingIntervalMs * health.factor;
    this.#nextMs = Math.max(this.#nextMs + intervalMs, nowMs + intervalMs / 2);
    const id = ring.next();
    if (id !== undefined) this.probe(id, nowMs);
  }

  /** Begins to probe a member, unless it is probed already. */
  probe(id: string, nowMs: number): void {
    const entry = this.#options.table.get(id);
    if (!entry || this.#probed.has(id)) return;
    const seq = this.nextSeq();
    const { factor } = this.#options.health;
    const probe = { id, seq, startedMs: nowMs, factor, pings: 1, helpers: 0, nacks: 0, graces: 0 };
    this.#probes.set(seq, probe);
    this.#probed.add(id);
    this.#options.ping(entry.member, seq);
  }

  /** A number for a ping whose answer is not waited for. */
  nextSeq(): number {
    this.#seq += 1;
    return this.#seq;
  }

  /** An answer came, from the member itself or from a helper. */
  acked(seq: number): void {
    const probe = this.#probes.get(seq);
    if (probe) {
      this.#options.health.improve();
      this.#end(probe);
      return;
    }
    const relay = this.#relays.get(seq);
    if (!relay) return;
    this.#relays.delete(seq);
    const { table, send } = this.#options;
    const origin = table.get(relay.origin);
    if (!origin) return;
    const piggyback = { holds: origin.member.incarnation, view: table.view, ageMs: 0, claims: [] };
    send({ kind: "ack", to: relay.origin, seq: relay.originSeq, ...piggyback }, origin.member);
  }

  nacked(seq: number): void {
    const probe = this.#probes.get(seq);
    if (probe) probe.nacks += 1;
  }

  /** Pings a member for another one. */
  relay(origin: string, originSeq: number, target: string, nowMs: number): void {
    const entry = this.#options.table.get(target);
    if (!entry || this.#relays.size >= RELAYS_MAX) return;
    const seq = this.nextSeq();
    // The answer may still come after the nack, and is passed on as long as the origin waits.
    const { pingTimeoutMs, pingReqTimeoutMs } = this.#options.timing;
    const untilMs = nowMs + Math.max(pingTimeoutMs, pingReqTimeoutMs);
    this.#relays.set(seq, { origin, originSeq, untilMs, isNacked: false });
    this.#options.ping(entry.member, seq);
  }

  /** A member is gone: it is not waited for any more. */
  forget(id: string): void {
    for (const probe of this.#probes.values()) if (probe.id === id) this.#end(probe);
  }

  /** This node stood still: probes begin anew. */
  grace(nowMs: number): void {
    for (const probe of this.#probes.values()) {
      if (probe.graces >= GRACES_MAX) continue;
      probe.graces += 1;
      probe.startedMs = nowMs;
    }
  }

  #pursue(probe: Probe, nowMs: number): void {
    const { table, health, timing, ping, failed } = this.#options;
    const entry = table.get(probe.id);
    if (!entry) {
      this.#end(probe);
      return;
    }
    const waitedMs = (nowMs - probe.startedMs) / probe.factor;
    if (waitedMs >= timing.pingTimeoutMs + timing.pingReqTimeoutMs) {
      this.#end(probe);
      // Helpers that say nothing at all mean that this node does not hear well.
      if (probe.helpers > probe.nacks) health.worsen();
      failed(entry);
    } else if (waitedMs >= timing.pingTimeoutMs && probe.pings < 3) {
      probe.pings = 3;
      ping(entry.member, probe.seq);
      this.#askOthers(probe);
    } else if (waitedMs >= timing.pingTimeoutMs / 2 && probe.pings < 2) {
      probe.pings = 2;
      ping(entry.member, probe.seq);
    }
  }

  #askOthers(probe: Probe): void {
    const { table, ring, timing, send } = this.#options;
    const isUnfit = (id: string): boolean =>
      id === probe.id || table.get(id)?.suspicion !== undefined;
    for (const id of ring.some(timing.pingReqGroupSize, isUnfit)) {
      const helper = table.get(id);
      if (!helper) continue;
      probe.helpers += 1;
      send({ kind: "ping-req", to: id, seq: probe.seq, target: probe.id }, helper.member);
    }
  }

  #tendRelays(nowMs: number): void {
    const nackMs = this.#options.timing.pingReqTimeoutMs / 2;
    for (const [seq, relay] of this.#relays) {
      if (nowMs >= relay.untilMs) this.#relays.delete(seq);
      if (relay.isNacked || nowMs < relay.untilMs - nackMs) continue;
      relay.isNacked = true;
      const origin = this.#options.table.get(relay.origin);
      if (!origin) continue;
      this.#options.send({ kind: "nack", to: relay.origin, seq: relay.originSeq }, origin.member);
    }
  }

  #end(probe: Probe): void {
    this.#probes.delete(probe.seq);
    this.#probed.delete(probe.id);
  }
}
