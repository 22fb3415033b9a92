/**
 * `sticky learn`: which server a request's session is bound to, and what a response teaches. Implements the
 * rules of NGINX Plus: the response's `create` value makes or moves a session; without it, the session
 * that the request was looked up with is refreshed and moved to the server that answered.
 */
import type { RequestContext } from "../http/request-context.ts";
import type { Template } from "../nginx/template.ts";
import type { Peer } from "./peer.ts";
import type { SessionBook } from "./session-table.ts";
import type { Stickiness } from "./stickiness.ts";
import type { StickyLearnConfig } from "./upstream-config.ts";

/** Longest session id that is looked up or learned; longer values are ignored. */
const SESSION_ID_LENGTH_MAX = 4096;

export class StickyLearn implements Stickiness {
  readonly #config: StickyLearnConfig;
  readonly sessions: SessionBook;
  /** Undefined where the zone is this gateway's own: no request waits. */
  readonly seek: Stickiness["seek"];

  constructor(config: StickyLearnConfig, sessions: SessionBook) {
    this.#config = config;
    this.sessions = sessions;
    this.seek = sessions.seek ? (context) => this.#seek(context) : undefined;
  }

  get atHead(): boolean {
    return this.#config.atHead;
  }

  boundTo(context: RequestContext): string | undefined {
    const sessionId = firstValue(this.#config.lookup, context);
    return sessionId === undefined ? undefined : this.sessions.find(sessionId);
  }

  noteChosen(): void {}

  learn(context: RequestContext, peer: Peer): void {
    const created = firstValue(this.#config.create, context);
    const sessionId = created ?? firstValue(this.#config.lookup, context);
    if (sessionId === undefined) return;
    this.sessions.bind(sessionId, peer.serverId, created !== undefined);
  }

  #seek(context: RequestContext): Promise<unknown> | undefined {
    const sessionId = firstValue(this.#config.lookup, context);
    return sessionId === undefined ? undefined : this.sessions.seek?.(sessionId);
  }
}

function firstValue(templates: readonly Template[], context: RequestContext): string | undefined {
  for (const template of templates) {
    const value = template.evaluate(context);
    if (value !== "" && value.length <= SESSION_ID_LENGTH_MAX) return value;
  }
  return undefined;
}
