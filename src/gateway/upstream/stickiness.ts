/** The port of `sticky cookie`, `sticky route` and `sticky learn`: which server a request wants, and what its choice leaves behind. */
import type { RequestContext } from "../http/request-context.ts";
import type { Peer } from "./peer.ts";
import type { SessionBook } from "./session-table.ts";

export interface Stickiness {
  /** Learn when the head of the response is there instead of at its end. */
  readonly atHead: boolean;
  /**
   * Looks elsewhere for what the request is bound to; called before the first try. Undefined, also as an answer: there is
   * nothing to wait for. The promise never rejects.
   */
  readonly seek?: ((context: RequestContext) => Promise<unknown> | undefined) | undefined;
  /** What is bound to which server. Absent: the clients keep that themselves. */
  readonly sessions?: Pick<SessionBook, "isShared" | "countBound">;
  /** The server id that the request's session is bound to. */
  boundTo(context: RequestContext): string | undefined;
  /** The peer gets the next try. */
  noteChosen(context: RequestContext, peer: Peer): void;
  /** The peer gave the response that the client gets. */
  learn(context: RequestContext, peer: Peer): void;
}
