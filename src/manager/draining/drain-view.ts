/** A node's way out of the rotation and back, as the API, the command and `bascule status` show it. */
import type { DrainGoal } from "./worker-door.ts";

/**
 * "draining": no new sessions, bound ones stay. "drained": so it stays until it is resumed. "ending": it was told to stop or
 * to restart. "returning": it has ended and is to come back. The others are ends: "restarted" and "resumed" take new sessions.
 */
export const DRAIN_PHASES = [
  "draining",
  "drained",
  "ending",
  "returning",
  "stopped",
  "restarted",
  "resumed",
  "failed",
] as const;

export type DrainPhase = (typeof DRAIN_PHASES)[number];

export interface DrainView {
  readonly name: string;
  readonly phase: DrainPhase;
  readonly goal: DrainGoal;
  /** Sessions bound to it on all gateways. */
  readonly sessions: number;
  /** For how long the gateways have known the oldest of them. */
  readonly oldestSeconds: number;
  /** False: a gateway has not counted yet, or clients keep sessions that nobody can count. */
  readonly isComplete: boolean;
  readonly by: string;
  readonly startedAt: string;
  readonly deadlineAt: string;
  /** Until the deadline; 0 behind it. */
  readonly secondsLeft: number;
  /** Why it failed, or what else is to be said. */
  readonly reason: string | null;
}

/** One line: "worker-1 drains: 12 sessions, the oldest 340 s, at most 412 s left". */
export function describeDrain(view: DrainView): string {
  const { name, phase, sessions, oldestSeconds, isComplete, secondsLeft, reason } = view;
  const counted = `${sessions} ${sessions === 1 ? "session" : "sessions"}`;
  const oldest = sessions > 0 ? `, the oldest ${oldestSeconds} s` : "";
  const more = isComplete ? "" : ", perhaps more that clients keep";
  const sentences: Readonly<Record<DrainPhase, string>> = {
    draining: `drains: ${counted}${oldest}${more}, at most ${secondsLeft} s left`,
    drained: `is drained and stays so: ${counted}${more}; \`bascule resume ${name}\` takes it back`,
    ending: "finishes its requests and ends",
    returning: "has ended and is awaited",
    stopped: "has stopped",
    restarted: "was restarted and is active",
    resumed: "was resumed and is active",
    failed: `failed: ${reason ?? "no reason is known"}`,
  };
  return `${name} ${sentences[phase]}`;
}

/** Nothing more happens to it by itself. */
export function isOver(phase: DrainPhase): boolean {
  return ["stopped", "restarted", "resumed", "failed"].includes(phase);
}
