/**
 * What a claim changes (SWIM, section 4.2): alive beats what is older, suspected beats alive of the same incarnation, gone beats
 * both. Beyond SWIM: that a member fell silent is believed from hearsay only of one that is suspected here as well, so two sides
 * of a healed partition do not bury one another's members; and who is at an address is believed only from there.
 */
import type { LeaveReason, Member } from "../cluster.ts";
import { type Address, formatAddress } from "../member-address.ts";
import type { Claim, GoneClaim, SuspectClaim } from "./claim.ts";
import type { Entry, MemberTable } from "./member-table.ts";
import { Suspicion, suspicionBounds } from "./suspicion.ts";
import { MEMBERS_MAX } from "./swim-timing.ts";

/** What follows from a change; handlers must not block and may not call back. */
export interface ClaimEffects {
  readonly joined: (member: Member) => void;
  readonly left: (member: Member, reason: LeaveReason) => void;
  readonly updated: (member: Member) => void;
  /** A claim that others should hear of. */
  readonly spread: (claim: Claim) => void;
  /** A member came under suspicion: it should be asked. */
  readonly suspected: (entry: Entry) => void;
  /** Whoever is at the address should tell itself. */
  readonly greet: (address: Address) => void;
  /** Others take this node for suspected or gone: its record has a new incarnation. `by`: who said so. */
  readonly refuted: (by: string) => void;
  /** Why a member is not taken up; undefined: it is. */
  readonly refusal: (member: Member) => string | undefined;
}

export class ClaimRules {
  readonly #table: MemberTable;
  readonly #effects: ClaimEffects;
  /** Set while this node leaves: it does not refute any more. */
  isLeaving = false;

  constructor(table: MemberTable, effects: ClaimEffects) {
    this.#table = table;
    this.#effects = effects;
  }

  /** Takes a claim that came from the member `from`. */
  hear(claim: Claim, from: string, nowMs: number): void {
    switch (claim.kind) {
      case "alive":
        this.#hearAlive(claim.member, from);
        return;
      case "suspect":
        this.#hearSuspect(claim, from, nowMs);
        return;
      case "gone":
        this.#hearGone(claim, from, nowMs);
        return;
    }
  }

  /** This node got no answer from a live member itself. */
  accuse(entry: Entry, nowMs: number): void {
    const { id, incarnation } = entry.member;
    const by = this.#table.self.id;
    this.#hearSuspect(
      {
        kind: "suspect",
        id,
        incarnation: Math.max(incarnation, entry.suspicion?.incarnation ?? 0),
        by,
      },
      by,
      nowMs,
    );
  }

  /** Takes those out whose time to refute is over. */
  expire(nowMs: number): void {
    for (const entry of this.#table.entries()) {
      if (entry.suspicion?.timer.isOver(nowMs))
        this.bury(entry, "silent", entry.suspicion.incarnation);
    }
  }

  /** Takes a live member out and tells the others. */
  bury(entry: Entry, reason: LeaveReason, incarnation: number): void {
    const claim = this.#table.bury(entry, reason, incarnation);
    this.#effects.spread(claim);
    this.#effects.left(entry.member, reason);
  }

  #hearAlive(member: Member, from: string): void {
    const { self } = this.#table;
    if (member.id === self.id) return;
    const entry = this.#table.get(member.id);
    if (entry) {
      if (member.id === from) entry.isMet = true;
      if (member.incarnation > entry.member.incarnation) this.#renew(entry, member);
      return;
    }
    const gone = this.#table.gone(member.id);
    if (gone && member.incarnation <= gone.incarnation) {
      // It may be behind a partition that has healed: asked, it refutes.
      if (gone.reason === "silent") this.#effects.greet(member);
      return;
    }
    if (formatAddress(member) === formatAddress(self)) this.#disown(member);
    else this.#takeUp(member, from);
  }

  /** A process that had this node's address before it. */
  #disown(member: Member): void {
    const { id, incarnation, host, port } = member;
    const claim: GoneClaim = { kind: "gone", id, incarnation, reason: "replaced", host, port };
    this.#table.remember(claim);
    this.#effects.spread(claim);
  }

  #takeUp(member: Member, from: string): void {
    const isDirect = member.id === from;
    const occupant = this.#table.at(member);
    if (occupant && !isDirect) {
      this.#effects.greet(member);
      return;
    }
    if (this.#effects.refusal(member) !== undefined) return;
    if (occupant) this.bury(occupant, "replaced", occupant.member.incarnation);
    if (this.#table.size >= MEMBERS_MAX) return;
    this.#table.add(member, isDirect);
    this.#effects.spread({ kind: "alive", member });
    this.#effects.joined(member);
  }

  #renew(entry: Entry, member: Member): void {
    const before = entry.member;
    this.#table.renew(entry, member);
    if (entry.suspicion && member.incarnation > entry.suspicion.incarnation)
      entry.suspicion = undefined;
    this.#effects.spread({ kind: "alive", member });
    if (saysOther(before, member)) this.#effects.updated(member);
  }

  #hearSuspect(claim: SuspectClaim, from: string, nowMs: number): void {
    const { self } = this.#table;
    if (claim.id === self.id) {
      this.#refute(claim.incarnation, from);
      return;
    }
    const entry = this.#table.get(claim.id);
    if (!entry || claim.incarnation < entry.member.incarnation) return;
    if (!entry.suspicion) {
      const bounds = suspicionBounds(this.#table.size, entry.member.state === "joining");
      const timer = new Suspicion(bounds, claim.by, nowMs);
      entry.suspicion = { timer, incarnation: claim.incarnation };
      this.#effects.spread(claim);
      this.#effects.suspected(entry);
    } else if (entry.suspicion.timer.confirm(claim.by)) {
      this.#effects.spread(claim);
    }
  }

  #hearGone(claim: GoneClaim, from: string, nowMs: number): void {
    if (claim.id === this.#table.self.id) {
      this.#refute(claim.incarnation, from);
      return;
    }
    const entry = this.#table.get(claim.id);
    if (!entry) {
      if ((this.#table.gone(claim.id)?.incarnation ?? -1) < claim.incarnation)
        this.#table.remember(claim);
      return;
    }
    if (claim.incarnation < entry.member.incarnation) return;
    if (claim.reason === "silent" && !entry.suspicion) {
      const { id, incarnation } = claim;
      this.#hearSuspect({ kind: "suspect", id, incarnation, by: from }, from, nowMs);
    } else this.bury(entry, claim.reason, claim.incarnation);
  }

  #refute(incarnation: number, by: string): void {
    const { self } = this.#table;
    if (this.isLeaving || incarnation < self.incarnation) return;
    this.#table.self = { ...self, incarnation: incarnation + 1 };
    this.#effects.refuted(by);
  }
}

/** Whether two records differ in more than the incarnation. */
function saysOther(one: Member, other: Member): boolean {
  return (
    JSON.stringify({ ...one, incarnation: 0 }) !== JSON.stringify({ ...other, incarnation: 0 })
  );
}
