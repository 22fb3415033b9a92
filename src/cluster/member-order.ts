/**
 * Order of members by age: it decides who is coordinator. Members start with the time of their wall clock; one whose clock
 * is wrong gives way to those that run longer, as both tell by monotonic clocks, so that it never passes for older.
 */
import type { Member } from "./cluster.ts";

/** Latest `startedAtMs`: the last moment that a Date can hold. */
export const STARTED_MS_MAX = 8_640_000_000_000_000;

/** Longest age that is told, in milliseconds: 34 years. */
export const AGE_MS_MAX = 2 ** 40;

/** Members that started within it are ordered by their wall clocks: more would be news for nothing. */
const MARGIN_MS = 1_000;

/** Sorts oldest first: by startedAtMs, then by id. */
export function byAge(left: Member, right: Member): number {
  if (left.startedAtMs !== right.startedAtMs) return left.startedAtMs - right.startedAtMs;
  return left.id < right.id ? -1 : Number(left.id > right.id);
}

/** A member and for how long it has run, in milliseconds of its monotonic clock. */
export interface Aged {
  readonly member: Member;
  readonly ageMs: number;
}

/**
 * The `startedAtMs` that puts `self` behind a member that runs longer but comes after it; undefined: the order is right.
 * An age that was told some time ago is too small, so that two members never give way to each other.
 */
export function givesWay(self: Aged, other: Aged): number | undefined {
  if (other.ageMs <= self.ageMs + MARGIN_MS || byAge(self.member, other.member) > 0)
    return undefined;
  const startedAtMs = other.member.startedAtMs + 1;
  return startedAtMs <= STARTED_MS_MAX ? startedAtMs : undefined;
}
