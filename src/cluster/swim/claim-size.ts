/** How large claims are on the wire, so that news is packed without being encoded twice. Sizes of records are remembered. */
import type { Member } from "../cluster.ts";
import type { Claim } from "./claim.ts";
import { encodeRecord } from "./record-codec.ts";

/** Room for claims in a datagram: what the seal and the head of a packet leave of DATAGRAM_BYTES_MAX. */
export const PIGGYBACK_BYTES_MAX = 1265;

/** Brackets, the kind and an id in the form of `packet-codec.ts`. */
const CLAIM_HEAD_BYTES = 46;
const SUSPECT_BYTES = CLAIM_HEAD_BYTES + 56;
const GONE_BYTES = CLAIM_HEAD_BYTES + 56;

const sizes = new WeakMap<Member, number>();

export function claimBytes(claim: Claim): number {
  switch (claim.kind) {
    case "alive":
      return CLAIM_HEAD_BYTES + recordBytes(claim.member);
    case "suspect":
      return SUSPECT_BYTES;
    case "gone":
      break;
  }
  return GONE_BYTES + claim.host.length;
}

function recordBytes(member: Member): number {
  const known = sizes.get(member) ?? Buffer.byteLength(JSON.stringify(encodeRecord(member)));
  sizes.set(member, known);
  return known;
}
