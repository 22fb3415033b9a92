/**
 * What `GET /logs` and `GET /logs/tail` are asked for: `level` (lines below it are left out; default: all) and `lines`
 * (how many of the last ones; 0 to RING_LINES_MAX, default 100). Strict: anything else is refused with a sentence.
 */
import type { LogLevel } from "./log.ts";
import { LOG_LEVELS, RING_LINES_MAX } from "./log-ring.ts";

/** Lines that are shown where the query does not say how many. */
const LINES_DEFAULT = 100;

export interface LogQuery {
  readonly level: LogLevel;
  readonly lines: number;
}

export type LogQueryResult =
  | { readonly kind: "query"; readonly query: LogQuery }
  | { readonly kind: "refused"; readonly reason: string };

/** @param search the part of the target behind "?", without it. */
export function readLogQuery(search: string): LogQueryResult {
  const parameters = new URLSearchParams(search);
  const unknown = [...parameters.keys()].find((name) => name !== "level" && name !== "lines");
  if (unknown !== undefined) return refused("a log takes the parameters level and lines only");
  const word = parameters.get("level") ?? "trace";
  const level = LOG_LEVELS.find((candidate) => candidate === word);
  if (!level) return refused(`level must be one of: ${LOG_LEVELS.join(", ")}`);
  const text = parameters.get("lines") ?? String(LINES_DEFAULT);
  const lines = Number(text);
  if (!/^\d{1,4}$/.test(text) || lines > RING_LINES_MAX)
    return refused(`lines must be a number from 0 to ${RING_LINES_MAX}`);
  return { kind: "query", query: { level, lines } };
}

function refused(reason: string): LogQueryResult {
  return { kind: "refused", reason };
}
