/** The questions between two tries of a request, asked with what its location and its past say. may-retry.ts answers. */
import type { PeerFailure } from "../../../net/http1/peer-failure.ts";
import type { NextUpstreamCase } from "../modules/proxy-next-upstream.ts";
import type { RequestContext } from "../request-context.ts";
import { mayRetry } from "./may-retry.ts";
import type { PeerTry } from "./peer-try.ts";

export interface TryState {
  readonly method: string;
  readonly triesLeft: number;
  /** The body was given to a peer as it came: no other peer can get it. */
  readonly bodySpent: boolean;
}

/** Whether the request goes on to the next peer. `sent`: something of it may have reached the last one. */
export function mayGoOn(
  context: RequestContext,
  { method, triesLeft, bodySpent }: TryState,
  happened: NextUpstreamCase,
  sent: boolean,
): boolean {
  const { nextUpstream, nextUpstreamTimeoutMs } = context.location.settings.proxy;
  const elapsedMs = context.clock.monotonicMs() - context.startedMs;
  return mayRetry({
    happened,
    allowed: nextUpstream,
    method,
    sent,
    bodyReplayable: !bodySpent,
    triesLeft,
    outOfTime: nextUpstreamTimeoutMs > 0 && elapsedMs >= nextUpstreamTimeoutMs,
  });
}

/** A kept connection that the peer had closed in the meantime: one more try on a fresh one, nobody is to blame. */
export function isStale(
  context: RequestContext,
  { method, bodySpent }: TryState,
  current: PeerTry,
  { reason, phase }: PeerFailure,
): boolean {
  if (current.connection?.isReused !== true || reason !== "error" || phase !== "head") return false;
  return mayRetry({
    happened: "error",
    allowed: [...context.location.settings.proxy.nextUpstream, "error"],
    method,
    sent: true,
    bodyReplayable: !bodySpent,
    triesLeft: 1,
    outOfTime: false,
  });
}

/** The case of `proxy_next_upstream` that a response is; undefined: the location lists none for it. */
export function caseOf(context: RequestContext, status: number): NextUpstreamCase | undefined {
  if (status < 403) return undefined;
  const { nextUpstream } = context.location.settings.proxy;
  return nextUpstream.find((word) => word === `http_${status}`);
}
