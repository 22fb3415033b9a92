/**
 * 103 of a peer (RFC 8297) on its way to the client, where `early_hints` says so (nginx 1.29,
 * ngx_http_upstream_process_early_hints): without the fields that are hidden from the client anyway. Their number is
 * bounded by client-connection.ts.
 */
import { type HeaderField, lowerNameOf } from "../../../net/http1/header-field.ts";
import type { RequestContext } from "../request-context.ts";
import type { ProxyPlan } from "./proxy-plan.ts";

export function passEarlyHints(
  context: RequestContext,
  { hidden }: Pick<ProxyPlan, "hidden">,
  fields: readonly HeaderField[],
): void {
  const { conditions } = context.location.settings.earlyHints;
  const isWanted = conditions.some((condition) => {
    const value = condition.evaluate(context);
    return value !== "" && value !== "0";
  });
  if (!isWanted) return;
  const shown = fields.filter((field) => !hidden.has(lowerNameOf(field)));
  if (shown.length > 0) context.exchange.sendEarlyHints(shown);
}
