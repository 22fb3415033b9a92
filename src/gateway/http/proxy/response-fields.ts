/**
 * The header of the peer's response as the client gets it: what is hidden, redirects and cookies as
 * `proxy_redirect` and `proxy_cookie_*` say.
 */
import { lowerNameOf } from "../../../net/http1/header-field.ts";
import { formatFields } from "../../../net/http1/response-head.ts";
import type { PeerHead } from "../../../net/http1/peer-head.ts";
import type { RequestContext } from "../request-context.ts";
import type { HeaderField } from "../header-fields.ts";
import { absoluteUrl } from "../responses.ts";
import type { ProxyPlan } from "./proxy-plan.ts";
import { rewriteCookie } from "./response-cookies.ts";
import { replacePrefix } from "./rewrite-rules.ts";

export interface ShownFields {
  readonly fields: readonly HeaderField[];
  /** The same as text, with line ends. */
  readonly text: string;
}

export function responseFields(
  context: RequestContext,
  plan: ProxyPlan,
  { fields, isRepeated }: PeerHead,
): ShownFields {
  const known = isRepeated ? plan.shown.get(fields) : undefined;
  if (known) return known;
  const { hidden, rewritesCookies } = plan;
  const shown: HeaderField[] = [];
  let isRewritten = false;
  for (const field of fields) {
    const lower = lowerNameOf(field);
    if (hidden.has(lower)) continue;
    if (
      lower === "location" ||
      lower === "refresh" ||
      (rewritesCookies && lower === "set-cookie")
    ) {
      isRewritten = true;
      shown.push([field[0], rewriteField(context, lower, field[1])]);
    } else shown.push(field);
  }
  const result = { fields: shown, text: formatFields(shown) };
  if (isRepeated && !isRewritten) plan.shown.set(fields, result);
  return result;
}

function rewriteField(context: RequestContext, lowerName: string, value: string): string {
  if (lowerName === "set-cookie") return rewriteCookie(context, value);
  if (lowerName === "location") {
    const rewritten = rewriteUrl(context, value);
    return rewritten === undefined ? value : absoluteUrl(context, rewritten);
  }
  // "Refresh: 5; url=http://..."
  const [, before, url = ""] = (lowerName === "refresh" && /^(.*?url=)(.*)$/is.exec(value)) || [];
  return before === undefined ? value : before + (rewriteUrl(context, url) ?? url);
}

/** The result of the first rule that fits; undefined: none does. */
function rewriteUrl(context: RequestContext, value: string): string | undefined {
  const { redirects } = context.location.settings.proxy;
  if (redirects.some(({ kind }) => kind === "off")) return undefined;
  for (const rule of redirects) {
    const rewritten =
      rule.kind === "replace"
        ? replacePrefix(context, rule, value)
        : replaceDefault(context, value);
    if (rewritten !== undefined) return rewritten;
  }
  return undefined;
}

/** The URL of `proxy_pass` becomes the path of the location; without URI, host and port are cut off. */
function replaceDefault({ location }: RequestContext, value: string): string | undefined {
  const { pass } = location.settings.proxy;
  if (pass?.url === undefined) return undefined;
  const prefix = pass.uri ? pass.url : `${pass.url}/`;
  if (!value.startsWith(prefix)) return undefined;
  const rest = value.slice(prefix.length);
  if (!pass.uri) return `/${rest}`;
  const kind = location.matcher?.kind;
  const isPath = kind === "prefix" || kind === "prefix-only" || kind === "exact";
  return isPath ? `${location.matcher?.path ?? ""}${rest}` : undefined;
}
