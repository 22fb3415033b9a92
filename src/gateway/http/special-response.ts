/**
 * Where a status goes before it becomes a page (ngx_http_special_response_handler, ngx_http_send_error_page):
 * `error_page` sends the request on to another URI, to a named location, or the client to a URL.
 */
import type { ErrorPageRule } from "./modules/error-page-rules.ts";
import type { RequestContext } from "./request-context.ts";

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export type SpecialResponse =
  | { readonly kind: "page" }
  | { readonly kind: "redirect"; readonly url: string }
  | { readonly kind: "internal"; readonly from: "server rewrite" | "rewrite" }
  | { readonly kind: "cycle" };

/** true when `error_page` of the location has a rule for the status: what `proxy_intercept_errors` asks. */
export function interceptsStatus(context: RequestContext, status: number): boolean {
  return ruleFor(context, status) !== undefined;
}

/** Decides, and leaves the request in the state that the decision needs. */
export function chooseSpecialResponse(context: RequestContext, status: number): SpecialResponse {
  context.errorStatus = status;
  const rule = ruleFor(context, status);
  if (!rule || context.redirectsLeft === 0) return { kind: "page" };
  if (!context.location.settings.errorPages.recursive) context.hasErrorPage = true;
  if (rule.overwrite !== undefined) context.errorStatus = rule.overwrite;
  const uri = rule.uri.evaluate(context);
  if (uri.startsWith("/") || uri.startsWith("@")) return enter(context, uri);
  if (!REDIRECTS.has(rule.overwrite ?? status)) context.errorStatus = 302;
  return { kind: "redirect", url: uri };
}

function ruleFor(context: RequestContext, status: number): ErrorPageRule | undefined {
  if (context.hasErrorPage) return undefined;
  return context.location.settings.errorPages.rules.find(({ statuses }) =>
    statuses.includes(status),
  );
}

function enter(context: RequestContext, uri: string): SpecialResponse {
  if (uri.startsWith("@")) {
    const found = context.enterNamedLocation(uri);
    return found ? { kind: "internal", from: "rewrite" } : { kind: "cycle" };
  }
  if (context.method !== "HEAD") context.method = "GET";
  return context.redirectInside(uri)
    ? { kind: "internal", from: "server rewrite" }
    : { kind: "cycle" };
}
