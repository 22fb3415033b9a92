/**
 * Who is there, as this node sees it: its own record, the live members (suspected ones among them) and what is remembered
 * of those that are gone. Pure bookkeeping: no timers, no sending; `ClaimRules` decides what goes in.
 */
import type { LeaveReason, Member } from "../cluster.ts";
import { byAge } from "../member-order.ts";
import { type Address, formatAddress } from "../member-address.ts";
import type { AliveClaim, Claim, GoneClaim } from "./claim.ts";
import type { Suspicion } from "./suspicion.ts";
import { GONE_MAX } from "./swim-timing.ts";

export interface Entry {
  member: Member;
  /** Its member was heard itself, not only heard of. */
  isMet: boolean;
  suspicion: { readonly timer: Suspicion; readonly incarnation: number } | undefined;
  /** When the member was last told that it is suspected. */
  toldMs: number;
  /** Since when views differ without news on the way; undefined: they agree. */
  differsSinceMs: number | undefined;
}

export class MemberTable {
  #self: Member;
  readonly #live = new Map<string, Entry>();
  readonly #addresses = new Map<string, string>();
  readonly #gone = new Map<string, GoneClaim>();
  #view: number;
  #sorted: readonly Member[] | undefined;

  constructor(self: Member) {
    this.#self = self;
    this.#view = digestOf(self);
  }

  get self(): Member {
    return this.#self;
  }

  set self(member: Member) {
    this.#view ^= digestOf(this.#self) ^ digestOf(member);
    this.#self = member;
    this.#sorted = undefined;
  }

  /** This node included. */
  get size(): number {
    return this.#live.size + 1;
  }

  /** Digest of ids and incarnations of all live members; equal sets have equal digests. */
  get view(): number {
    return this.#view >>> 0;
  }

  /** This node included, oldest first. */
  get members(): readonly Member[] {
    this.#sorted ??= [this.#self, ...this.entries().map(({ member }) => member)].sort(byAge);
    return this.#sorted;
  }

  entries(): Entry[] {
    return [...this.#live.values()];
  }

  get(id: string): Entry | undefined {
    return this.#live.get(id);
  }

  at(address: Address): Entry | undefined {
    return this.#live.get(this.#addresses.get(formatAddress(address)) ?? "");
  }

  gone(id: string): GoneClaim | undefined {
    return this.#gone.get(id);
  }

  add(member: Member, isMet: boolean): Entry {
    const entry: Entry = {
      member,
      isMet,
      suspicion: undefined,
      toldMs: Number.NEGATIVE_INFINITY,
      differsSinceMs: undefined,
    };
    this.#live.set(member.id, entry);
    this.#addresses.set(formatAddress(member), member.id);
    this.#gone.delete(member.id);
    this.#view ^= digestOf(member);
    this.#sorted = undefined;
    return entry;
  }

  renew(entry: Entry, member: Member): void {
    this.#view ^= digestOf(entry.member) ^ digestOf(member);
    this.#addresses.delete(formatAddress(entry.member));
    this.#addresses.set(formatAddress(member), member.id);
    entry.member = member;
    this.#sorted = undefined;
  }

  /** Takes a live member out and remembers why. `incarnation`: of the claim that it is gone. */
  bury(entry: Entry, reason: LeaveReason, incarnation: number): GoneClaim {
    const { id, host, port } = entry.member;
    this.#live.delete(id);
    if (this.#addresses.get(formatAddress(entry.member)) === id)
      this.#addresses.delete(formatAddress(entry.member));
    this.#view ^= digestOf(entry.member);
    this.#sorted = undefined;
    const claim: GoneClaim = { kind: "gone", id, incarnation, reason, host, port };
    this.remember(claim);
    return claim;
  }

  /** Remembers that a member is gone. */
  remember(claim: GoneClaim): void {
    this.#gone.delete(claim.id);
    this.#gone.set(claim.id, claim);
    if (this.#gone.size <= GONE_MAX) return;
    const [oldest] = this.#gone.keys();
    if (oldest !== undefined) this.#gone.delete(oldest);
  }

  /** Everything that this node knows, itself first, the youngest of those that are gone last; `goneMax` of these. */
  claims(goneMax: number): readonly Claim[] {
    const alive = (member: Member): AliveClaim => ({ kind: "alive", member });
    return [
      alive(this.#self),
      ...this.entries().map(({ member }) => alive(member)),
      ...[...this.#gone.values()].slice(-goneMax),
    ];
  }
}

/** FNV-1a over id and incarnation: the digest of a set is the exclusive or of its members' digests. */
function digestOf(member: Member): number {
  let hash = 0x811c9dc5;
  const text = `${member.id} ${member.incarnation}`;
  for (let at = 0; at < text.length; at += 1)
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}
