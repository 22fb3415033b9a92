/**
 * The header of the peer's response as the client gets it: what is hidden, redirects and cookies as
 * `proxy_redirect` and `proxy_cookie_*` say.
 */
import { CONNECTION_FIELDS } from "../../../net/connection-fields.ts";
import type { RequestContext } from "../request-context.ts";
import type { HeaderField } from "../header-fields.ts";
import { absoluteUrl } from "../responses.ts";
import { rewriteCookie } from "./response-cookies.ts";
import { replacePrefix } from "./rewrite-rules.ts";

/** Fields that nginx hides unless `proxy_pass_header` names them. */
const HIDDEN_FIELDS = new Set([
  "date",
  "server",
  "x-pad",
  "x-accel-buffering",
  "x-accel-charset",
  "x-accel-expires",
  "x-accel-limit-rate",
  "x-accel-redirect",
]);

export function responseFields(
  context: RequestContext,
  fields: readonly HeaderField[],
): readonly HeaderField[] {
  const { hiddenHeaders, passedHeaders } = context.location.settings.proxy;
  const isShown = (name: string): boolean => {
    if (CONNECTION_FIELDS.has(name) || hiddenHeaders.includes(name)) return false;
    return !HIDDEN_FIELDS.has(name) || passedHeaders.includes(name);
  };
  return fields
    .filter(([name]) => isShown(name.toLowerCase()))
    .map(([name, value]): HeaderField => [name, rewriteField(context, name.toLowerCase(), value)]);
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
