/** Order of members by age: it decides who is coordinator. */
import type { Member } from "./cluster.ts";

/** Sorts oldest first: by startedAtMs, then by id. */
export function byAge(left: Member, right: Member): number {
  if (left.startedAtMs !== right.startedAtMs) return left.startedAtMs - right.startedAtMs;
  return left.id < right.id ? -1 : Number(left.id > right.id);
}
