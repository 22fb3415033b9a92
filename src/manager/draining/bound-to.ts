/** What the gateways tell of the sessions bound to one worker, added up. Read by `node-drain.ts` from membership. */
import { addSessions, parseSessions, sessionsProperty } from "../../cluster/bound-sessions.ts";
import type { Member } from "../../cluster/cluster.ts";

export interface BoundTo {
  readonly sessions: number;
  readonly oldestSeconds: number;
  /** Every gateway has told, and none has sessions that only clients know. */
  readonly isComplete: boolean;
}

export function boundTo(name: string, members: readonly Member[]): BoundTo {
  const gateways = members.filter(({ role, state }) => role === "gateway" && state !== "joining");
  const told = gateways.flatMap(({ properties }) => {
    const sessions = parseSessions(properties[sessionsProperty(name)] ?? "");
    return sessions ? [sessions] : [];
  });
  const { own, shared, isUnknown } = addSessions(told);
  return {
    sessions: own.count + shared.count,
    oldestSeconds: Math.max(own.oldestS, shared.oldestS),
    isComplete: told.length === gateways.length && !isUnknown,
  };
}
