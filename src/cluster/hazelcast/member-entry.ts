/**
 * The entry of a member in the store: its record, as the embedded provider sends it, and the sequence number that is its
 * sign of life. Sealed for its own key: nobody without the secret can write one, and nobody's entry passes for another's.
 */
import type { Member } from "../cluster.ts";
import { AGE_MS_MAX } from "../member-order.ts";
import { decodeRecord, encodeRecord } from "../swim/record-codec.ts";
import { Malformed, readFields, readUuid, readWhole } from "../swim/wire-fields.ts";
import type { ValueSeal } from "./value-seal.ts";

export interface MemberEntry {
  readonly member: Member;
  /** Grows with every write. */
  readonly seq: number;
  /** For how long the member had run when it wrote this, in milliseconds. */
  readonly ageMs: number;
}

const placeOf = (id: string): string => `member ${id}`;

export function sealEntry(seal: ValueSeal, { member, seq, ageMs }: MemberEntry): Buffer {
  const text = JSON.stringify({ seq, ageMs, record: encodeRecord(member) });
  return seal.seal(placeOf(member.id), Buffer.from(text));
}

/** Undefined: it was not made by a node with our secret, or does not have the agreed form. */
export function openEntry(seal: ValueSeal, id: string, value: Buffer): MemberEntry | undefined {
  const plain = seal.open(placeOf(id), value);
  if (!plain) return undefined;
  try {
    readUuid(id, "id");
    const fields = readFields(JSON.parse(plain.toString("utf8")), "entry", [
      "seq",
      "ageMs",
      "record",
    ]);
    const seq = readWhole(fields["seq"], "seq", 1, Number.MAX_SAFE_INTEGER);
    const ageMs = readWhole(fields["ageMs"], "ageMs", 0, AGE_MS_MAX);
    return { member: decodeRecord(id, fields["record"]), seq, ageMs };
  } catch (error) {
    if (error instanceof Malformed || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
