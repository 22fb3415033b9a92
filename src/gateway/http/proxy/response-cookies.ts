/** `Set-Cookie` of a peer as the client gets it: proxy_cookie_domain, _path and _flags (ngx_http_proxy_rewrite_cookie). */
import type { CookieRule, FlagsRule, ReplaceRule } from "../modules/proxy-rewrites.ts";
import type { RequestContext } from "../request-context.ts";
import { fits, replaceDomain, replacePrefix } from "./rewrite-rules.ts";

/** An attribute; `value` undefined: it stands without "=". */
interface CookiePart {
  readonly key: string;
  readonly value: string | undefined;
}

/** The field's value after all rules; unchanged, byte for byte, when none fits. */
export function rewriteCookie(context: RequestContext, value: string): string {
  const { cookieDomains, cookiePaths, cookieFlags } = context.location.settings.proxy;
  if (cookieDomains.length + cookiePaths.length + cookieFlags.length === 0) return value;
  const [pair = { key: "", value: undefined }, ...attributes] = value.split(";").map(parsePart);
  const withDomain = rewriteAttribute(attributes, "domain", (text) =>
    firstOf(cookieDomains, (rule) => replaceDomain(context, rule, text)),
  );
  const withPath = rewriteAttribute(withDomain, "path", (text) =>
    firstOf(cookiePaths, (rule) => replacePrefix(context, rule, text)),
  );
  const flags = flagsFor(context, cookieFlags, pair.key);
  const result = flags ? applyFlags(withPath, flags) : withPath;
  if (result === attributes) return value;
  return [pair, ...result].map(formatPart).join("; ");
}

function parsePart(text: string): CookiePart {
  const equals = text.indexOf("=");
  if (equals === -1) return { key: text.trim(), value: undefined };
  return { key: text.slice(0, equals).trim(), value: text.slice(equals + 1).trim() };
}

function formatPart({ key, value }: CookiePart): string {
  return value === undefined ? key : `${key}=${value}`;
}

/** The same list when nothing fits. */
function rewriteAttribute(
  attributes: readonly CookiePart[],
  name: string,
  rewrite: (text: string) => string | undefined,
): readonly CookiePart[] {
  const at = attributes.findIndex(({ key, value }) => isNamed(key, name) && Boolean(value));
  const found = attributes[at];
  const value = found && rewrite(found.value ?? "");
  return value === undefined || !found ? attributes : attributes.with(at, { ...found, value });
}

/** The result of the first rule that fits; after an "off" there is none. */
function firstOf(
  rules: readonly CookieRule[],
  apply: (rule: ReplaceRule) => string | undefined,
): string | undefined {
  if (rules.some(({ kind }) => kind === "off")) return undefined;
  for (const rule of rules) {
    const result = rule.kind === "replace" ? apply(rule) : undefined;
    if (result !== undefined) return result;
  }
  return undefined;
}

function flagsFor(
  context: RequestContext,
  rules: readonly (FlagsRule | { readonly kind: "off" })[],
  name: string,
): FlagsRule | undefined {
  if (rules.some(({ kind }) => kind === "off")) return undefined;
  for (const rule of rules) {
    if (rule.kind === "flags" && fits(context, rule.pattern, name)) return rule;
  }
  return undefined;
}

function applyFlags(
  attributes: readonly CookiePart[],
  { secure, httpOnly, sameSite }: FlagsRule,
): readonly CookiePart[] {
  const withSecure = setFlag(attributes, "secure", secure);
  const withHttpOnly = setFlag(withSecure, "httponly", httpOnly);
  if (sameSite === undefined) return withHttpOnly;
  const rest = withHttpOnly.filter(({ key }) => !isNamed(key, "samesite"));
  return sameSite === "" ? rest : [...rest, { key: "samesite", value: sameSite }];
}

function setFlag(
  attributes: readonly CookiePart[],
  name: string,
  wanted: boolean | undefined,
): readonly CookiePart[] {
  const has = attributes.some(({ key }) => isNamed(key, name));
  if (wanted === undefined || wanted === has) return attributes;
  if (wanted) return [...attributes, { key: name, value: undefined }];
  return attributes.filter(({ key }) => !isNamed(key, name));
}

function isNamed(key: string, name: string): boolean {
  return key.toLowerCase() === name;
}
