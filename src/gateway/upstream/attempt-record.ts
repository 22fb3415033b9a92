/** What is remembered of one try of a peer: the source of $upstream_addr, $upstream_status and their times. */
import type { HeaderField } from "../http/header-fields.ts";

export interface AttemptRecord {
  /** "host:port" of the peer; the upstream's name when no peer could be used. */
  readonly address: string;
  readonly startedMs: number;
  /** Milliseconds from the start; undefined: not reached. */
  connectMs: number | undefined;
  headMs: number | undefined;
  responseMs: number | undefined;
  /** The status of the response; 502 or 504 for a try that failed. */
  status: number | undefined;
  /** Fields of the response; empty before it. */
  fields: readonly HeaderField[];
  bodyBytes: number;
}

/** A record of a try that starts. */
export function startAttemptRecord(address: string, nowMs: number): AttemptRecord {
  return {
    address,
    startedMs: nowMs,
    connectMs: undefined,
    headMs: undefined,
    responseMs: undefined,
    status: undefined,
    fields: [],
    bodyBytes: 0,
  };
}
