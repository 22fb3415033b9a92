/** The header of the peer's response as the client gets it: what is hidden, and redirects as `proxy_redirect` says. */
import type { RequestContext } from "../request-context.ts";
import type { HeaderField } from "../header-fields.ts";
import type { RedirectRule } from "../modules/proxy.ts";
import { absoluteUrl } from "../responses.ts";

/** Fields that concern only the peer's connection. */
const CONNECTION_FIELDS = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

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
  if (lowerName === "location") {
    const rewritten = rewriteUrl(context, value);
    return rewritten === value ? value : absoluteUrl(context, rewritten);
  }
  // "Refresh: 5; url=http://..."
  const [, before, url] = (lowerName === "refresh" && /^(.*?url=)(.*)$/is.exec(value)) || [];
  return before === undefined ? value : before + rewriteUrl(context, url ?? "");
}

/** The first rule whose prefix fits replaces it. */
function rewriteUrl(context: RequestContext, value: string): string {
  for (const rule of context.location.settings.proxy.redirects) {
    const pair = rule.kind === "default" ? defaultPair(context) : pairOf(context, rule);
    if (pair && value.startsWith(pair.prefix)) return pair.text + value.slice(pair.prefix.length);
  }
  return value;
}

interface RedirectPair {
  readonly prefix: string;
  readonly text: string;
}

function pairOf(context: RequestContext, rule: RedirectRule): RedirectPair | undefined {
  if (rule.kind !== "replace") return undefined;
  return { prefix: rule.prefix, text: rule.replacement.evaluate(context) };
}

/** The URL of `proxy_pass` becomes the path of the location; without URI, host and port are cut off. */
function defaultPair({ location }: RequestContext): RedirectPair | undefined {
  const { pass } = location.settings.proxy;
  if (pass?.url === undefined) return undefined;
  if (!pass.uri) return { prefix: `${pass.url}/`, text: "/" };
  const isPath = location.matcher?.kind === "prefix" || location.matcher?.kind === "prefix-only";
  return isPath ? { prefix: pass.url, text: location.matcher.path } : undefined;
}
