/**
 * What members say of one another (SWIM, section 4.2): alive with a record, suspected, or gone. Each claim holds for one
 * incarnation, a number that only its subject raises; so a claim about itself that is wrong can be refuted.
 */
import type { LeaveReason, Member } from "../cluster.ts";
import type { Address } from "../member-address.ts";

export interface AliveClaim {
  readonly kind: "alive";
  /** With the incarnation that the claim holds for. */
  readonly member: Member;
}

export interface SuspectClaim {
  readonly kind: "suspect";
  readonly id: string;
  readonly incarnation: number;
  /** The member that got no answer itself; confirmations count by it. */
  readonly by: string;
}

export interface GoneClaim extends Address {
  readonly kind: "gone";
  readonly id: string;
  readonly incarnation: number;
  readonly reason: LeaveReason;
}

export type Claim = AliveClaim | SuspectClaim | GoneClaim;

export function subjectOf(claim: Claim): string {
  return claim.kind === "alive" ? claim.member.id : claim.id;
}
