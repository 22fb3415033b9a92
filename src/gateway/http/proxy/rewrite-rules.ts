/** The rules of proxy_redirect and proxy_cookie_* applied to one value (ngx_http_proxy_rewrite_*_handler). */
import type { ReplaceRule, RewritePattern } from "../modules/proxy-rewrites.ts";
import type { RequestContext } from "../request-context.ts";

/** Replaces a prefix, or the whole value by a regular expression. Undefined: the rule does not fit. */
export function replacePrefix(
  context: RequestContext,
  rule: ReplaceRule,
  value: string,
): string | undefined {
  const { pattern } = rule;
  if (pattern.kind === "regex") return replaceByRegex(context, pattern.regex, rule, value);
  const prefix = pattern.text.evaluate(context);
  if (!value.startsWith(prefix)) return undefined;
  return rule.replacement.evaluate(context) + value.slice(prefix.length);
}

/** Replaces a whole domain, without regard to case and to a leading dot, which stays. */
export function replaceDomain(
  context: RequestContext,
  rule: ReplaceRule,
  value: string,
): string | undefined {
  const { pattern } = rule;
  if (pattern.kind === "regex") return replaceByRegex(context, pattern.regex, rule, value);
  const dot = value.startsWith(".") ? "." : "";
  const domain = value.slice(dot.length).toLowerCase();
  if (domain !== pattern.text.evaluate(context).toLowerCase()) return undefined;
  return dot + rule.replacement.evaluate(context);
}

/** The whole value fits, without regard to case. */
export function fits(context: RequestContext, pattern: RewritePattern, value: string): boolean {
  if (pattern.kind === "regex") return pattern.regex.test(value);
  return pattern.text.evaluate(context).toLowerCase() === value.toLowerCase();
}

function replaceByRegex(
  context: RequestContext,
  regex: RegExp,
  { replacement }: ReplaceRule,
  value: string,
): string | undefined {
  const captures = regex.exec(value);
  if (!captures) return undefined;
  context.captures = captures;
  return replacement.evaluate(context);
}
