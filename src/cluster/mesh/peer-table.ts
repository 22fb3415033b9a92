/**
 * The other live members, and since when each was not heard. A member is in the table exactly while this
 * node hears it itself; what others say only leads to greetings. Pure bookkeeping: no timers, no sending.
 */
import { createHash } from "node:crypto";
import type { Member } from "../cluster.ts";
import { MEMBERS_MAX, SILENCE_JOINING_MS, SILENCE_MS } from "./mesh-timing.ts";
import { type Address, formatAddress } from "./transport.ts";

/** Ids of members that left or were replaced: late datagrams must not bring them back. */
const DEPARTED_MAX = 1000;

export interface Peer {
  member: Member;
  heardMs: number;
  /** When the list of members was last sent to it. */
  rosterSentMs: number;
}

export type Heard =
  | { readonly kind: "joined"; readonly peer: Peer; readonly replaced: readonly Member[] }
  | { readonly kind: "updated"; readonly peer: Peer }
  | { readonly kind: "same"; readonly peer: Peer }
  | { readonly kind: "departed" }
  | { readonly kind: "full" };

export class PeerTable {
  readonly #ownId: string;
  readonly #peers = new Map<string, Peer>();
  /** By id, with the address to acknowledge a repeated farewell to. */
  readonly #departed = new Map<string, Address>();
  #roster: string | undefined;

  constructor(ownId: string) {
    this.#ownId = ownId;
  }

  get(id: string): Peer | undefined {
    return this.#peers.get(id);
  }

  all(): readonly Peer[] {
    return [...this.#peers.values()];
  }

  get size(): number {
    return this.#peers.size;
  }

  /** Digest of the ids of all members that this node knows, itself included; equal sets have equal digests. */
  get roster(): string {
    this.#roster ??= createHash("sha256")
      .update([this.#ownId, ...this.#peers.keys()].toSorted().join())
      .digest("base64url")
      .slice(0, 12);
    return this.#roster;
  }

  /** Takes a record that came from its member itself. Older incarnations count as a sign of life only. */
  hear(record: Member, nowMs: number): Heard {
    if (this.#departed.has(record.id)) return { kind: "departed" };
    const known = this.#peers.get(record.id);
    if (!known) return this.#join(record, nowMs);
    known.heardMs = nowMs;
    if (record.incarnation <= known.member.incarnation) return { kind: "same", peer: known };
    known.member = record;
    return { kind: "updated", peer: known };
  }

  /** Takes a member out. `forever`: it does not come back under this id. */
  remove(id: string, forever: boolean): Member | undefined {
    const peer = this.#peers.get(id);
    if (!peer) return undefined;
    if (forever) this.#depart(peer.member);
    this.#peers.delete(id);
    this.#roster = undefined;
    return peer.member;
  }

  /** The members last heard before `sinceMs`. */
  silentSince(sinceMs: number): readonly Member[] {
    return this.all()
      .filter((peer) => peer.heardMs < sinceMs)
      .map((peer) => peer.member);
  }

  /** The members that were silent for too long: SILENCE_MS, a little more while they are joining. */
  lost(nowMs: number): readonly Member[] {
    return this.silentSince(nowMs - SILENCE_MS).filter(
      ({ id, state }) =>
        state !== "joining" || (this.get(id)?.heardMs ?? 0) < nowMs - SILENCE_JOINING_MS,
    );
  }

  /** This node itself was late by `ms`: nobody else's silence is counted for that time. */
  forgive(ms: number): void {
    for (const peer of this.#peers.values()) peer.heardMs += ms;
  }

  /** Where a member was that left or was replaced; undefined when the id is not known as such. */
  departedAddress(id: string): Address | undefined {
    return this.#departed.get(id);
  }

  hasAddress(address: string): boolean {
    return this.all().some((peer) => formatAddress(peer.member) === address);
  }

  #join(record: Member, nowMs: number): Heard {
    const address = formatAddress(record);
    const replaced = this.all()
      .map((peer) => peer.member)
      .filter((member) => formatAddress(member) === address);
    for (const member of replaced) this.remove(member.id, true);
    if (this.#peers.size >= MEMBERS_MAX - 1) return { kind: "full" };
    const peer: Peer = { member: record, heardMs: nowMs, rosterSentMs: Number.NEGATIVE_INFINITY };
    this.#peers.set(record.id, peer);
    this.#roster = undefined;
    return { kind: "joined", peer, replaced };
  }

  #depart(member: Member): void {
    this.#departed.set(member.id, { host: member.host, port: member.port });
    if (this.#departed.size <= DEPARTED_MAX) return;
    const [oldest] = this.#departed.keys();
    if (oldest !== undefined) this.#departed.delete(oldest);
  }
}
