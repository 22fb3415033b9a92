/**
 * How gateways tell the sessions that are bound to a member that drains: a property of the gateway's own record, named for
 * the member, "count/oldest" in seconds. Sessions of zones that gateways share follow behind a "+", for every gateway has
 * the same ones; "unknown" stands where clients keep what they are bound to. Written by gateways, added up by the manager.
 */

/** Prefix of the property; the member's name follows. */
const PREFIX = "sessions.";

export interface SessionCount {
  readonly count: number;
  /** Seconds; 0 where there is none. */
  readonly oldestS: number;
}

/** What one gateway tells of one member. */
export interface BoundSessions {
  readonly own: SessionCount;
  readonly shared: SessionCount;
  /** There may be more sessions, which only their clients know. */
  readonly isUnknown: boolean;
}

export function sessionsProperty(member: string): string {
  return `${PREFIX}${member}`;
}

export function isSessionsProperty(name: string): boolean {
  return name.startsWith(PREFIX);
}

/** "3/120", "3/120+5/40", "3/120 unknown". */
export function formatSessions({ own, shared, isUnknown }: BoundSessions): string {
  const others = shared.count > 0 ? `+${shared.count}/${shared.oldestS}` : "";
  return `${own.count}/${own.oldestS}${others}${isUnknown ? " unknown" : ""}`;
}

/** Undefined: no such text; another version of Bascule may write one. */
export function parseSessions(text: string): BoundSessions | undefined {
  const [, count, oldest, sharedCount = "0", sharedOldest = "0", unknown] =
    /^(\d{1,9})\/(\d{1,9})(?:\+(\d{1,9})\/(\d{1,9}))?( unknown)?$/.exec(text) ?? [];
  if (count === undefined || oldest === undefined) return undefined;
  return {
    own: { count: Number(count), oldestS: Number(oldest) },
    shared: { count: Number(sharedCount), oldestS: Number(sharedOldest) },
    isUnknown: unknown !== undefined,
  };
}

/** All gateways together: own sessions add up, of shared ones the gateway that knows most is right. */
export function addSessions(all: readonly BoundSessions[]): BoundSessions {
  const most = (counts: readonly number[]): number => Math.max(0, ...counts);
  return {
    own: {
      count: all.reduce((sum, { own }) => sum + own.count, 0),
      oldestS: most(all.map(({ own }) => own.oldestS)),
    },
    shared: {
      count: most(all.map(({ shared }) => shared.count)),
      oldestS: most(all.map(({ shared }) => shared.oldestS)),
    },
    isUnknown: all.some(({ isUnknown }) => isUnknown),
  };
}
