/**
 * A node's log for those who may read it: a page with the last lines, and tails. Worker and manager put it behind their
 * own doors (certificate there, login here); who may come in is decided before this is asked.
 */
import type { ErrorCode } from "../errors/codes.ts";
import type { Clock } from "../runtime/clock.ts";
import { type LogQuery, readLogQuery } from "./log-query.ts";
import { isAtLeast, type LogRing, showRecord } from "./log-ring.ts";
import { LogTail, type TailLink } from "./log-tail.ts";

/** Tails of one node at once; each costs at most TAIL_WAITING_BYTES_MAX and one line. */
export const TAILS_MAX = 16;

/** An answer without a tail: status and JSON body. */
export interface LogAnswer {
  readonly status: number;
  readonly body: object;
}

export type TailResult =
  | { readonly kind: "refused"; readonly answer: LogAnswer }
  /** The caller opens the link and hands it over. */
  | { readonly kind: "granted"; readonly start: (link: TailLink) => void };

export interface LogServiceOptions {
  /** The node's name. */
  readonly node: string;
  readonly ring: LogRing;
  readonly clock: Clock;
}

export class LogService {
  readonly #options: LogServiceOptions;
  readonly #tails = new Set<LogTail>();
  #isClosed = false;

  constructor(options: LogServiceOptions) {
    this.#options = options;
  }

  /** The last lines, oldest first. `search` is the query string without its "?". */
  page(search: string): LogAnswer {
    const { node, ring } = this.#options;
    const result = readLogQuery(search);
    if (result.kind === "refused") return refusal(400, "REQUEST_INVALID", result.reason);
    const { level, lines } = result.query;
    const list: object[] = [];
    for (let number = ring.startOfLast(lines, level); number < ring.next; number += 1) {
      const record = ring.at(number);
      if (record && isAtLeast(record, level)) list.push(showRecord(record, number));
    }
    return { status: 200, body: { node, count: list.length, list } };
  }

  /** Asks for a tail. */
  tail(search: string): TailResult {
    const { node } = this.#options;
    const result = readLogQuery(search);
    if (result.kind === "refused")
      return { kind: "refused", answer: refusal(400, "REQUEST_INVALID", result.reason) };
    if (this.#isClosed || this.#tails.size >= TAILS_MAX) {
      const reason = `${node} serves ${TAILS_MAX} log tails at once and no more; close one, or read /logs`;
      return { kind: "refused", answer: refusal(503, "LOG_TAILS_LIMIT", reason) };
    }
    return { kind: "granted", start: (link) => this.#start(link, result.query) };
  }

  /** Ends every tail; none is granted after it. */
  close(): void {
    this.#isClosed = true;
    for (const tail of this.#tails) tail.close();
    this.#tails.clear();
  }

  #start(link: TailLink, query: LogQuery): void {
    const { ring, clock } = this.#options;
    const tail = new LogTail({ ring, link, query, clock });
    this.#tails.add(tail);
    link.onClose(() => this.#tails.delete(tail));
  }
}

function refusal(status: number, code: ErrorCode, reason: string): LogAnswer {
  return { status, body: { Error: reason, code } };
}
