/** A request that waits on purpose (`limit_req`, `auth_delay`): a client that goes in the meantime frees it at once. */
import type { RequestContext } from "../request-context.ts";

/** @returns false: the client has gone, and nothing is to be answered. */
export function delayRequest(context: RequestContext, delayMs: number): Promise<boolean> {
  const waiting = Promise.withResolvers<boolean>();
  const timer = context.clock.after(delayMs, () => waiting.resolve(true));
  context.exchange.onAbort(() => {
    timer.cancel();
    context.statusWithoutResponse = 499;
    waiting.resolve(false);
  });
  return waiting.promise;
}
