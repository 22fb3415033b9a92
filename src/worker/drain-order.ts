/**
 * What a manager tells a worker's management port about draining: `POST /node/drain` with {deadlineMs, then}, again to change
 * it (0: the sessions are over, now), and `POST /node/resume`. Both are answered with a DrainAnswer.
 */
import { AppError } from "../errors/app-error.ts";

export const DRAIN_PATHS = { drain: "/node/drain", resume: "/node/resume" } as const;

/** A longer time is a mistake: 7 days. */
export const DRAIN_MS_MAX = 7 * 24 * 3_600_000;

/** What a node does when its sessions have had their time; "stay": it goes on draining. */
export type AfterDrain = "stay" | "stop" | "restart";

export interface DrainOrder {
  /** From now on, on the worker's own monotonic clock. */
  readonly deadlineMs: number;
  /** The field `then` of the message. */
  readonly after: AfterDrain;
}

export interface DrainAnswer {
  /** "joining": it was resumed, and has no revision yet. */
  readonly state: "draining" | "active" | "joining";
  /** What is left of the time; absent unless it drains. */
  readonly leftMs?: number;
}

/** @throws AppError REQUEST_INVALID. */
export function readDrainOrder(value: unknown): DrainOrder {
  const fields = typeof value === "object" && value !== null ? { ...value } : {};
  const { deadlineMs, then: after } = fields as Partial<Record<string, unknown>>;
  if (typeof deadlineMs !== "number" || !isTime(deadlineMs))
    throw refused(`deadlineMs must be a whole number from 0 to ${DRAIN_MS_MAX}`);
  if (after !== "stay" && after !== "stop" && after !== "restart")
    throw refused("then must be stay, stop or restart");
  return { deadlineMs, after };
}

function isTime(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= DRAIN_MS_MAX;
}

function refused(reason: string): AppError {
  const message = `the order to drain cannot be read: ${reason}`;
  return new AppError("REQUEST_INVALID", message, { side: "downstream" });
}
