/** Whether a failed try goes on to the next peer: the rules of ngx_http_upstream_next, as one pure function. */
import type { NextUpstreamCase } from "../modules/proxy-next-upstream.ts";

/** Methods that must not be sent twice unless the configuration says `non_idempotent`. */
const NON_IDEMPOTENT = new Set(["POST", "LOCK", "PATCH"]);

export interface RetryQuestion {
  /** What happened to the last try. */
  readonly happened: NextUpstreamCase;
  /** `proxy_next_upstream`. */
  readonly allowed: readonly NextUpstreamCase[];
  readonly method: string;
  /** Something of the request may have reached the peer. */
  readonly sent: boolean;
  /** The body can be sent again. */
  readonly bodyReplayable: boolean;
  readonly triesLeft: number;
  /** `proxy_next_upstream_timeout` is over. */
  readonly outOfTime: boolean;
}

export function mayRetry(question: RetryQuestion): boolean {
  const { happened, allowed, method, sent, bodyReplayable, triesLeft, outOfTime } = question;
  if (triesLeft <= 0 || outOfTime || !bodyReplayable) return false;
  if (sent && NON_IDEMPOTENT.has(method) && !allowed.includes("non_idempotent")) return false;
  return allowed.includes(happened);
}
