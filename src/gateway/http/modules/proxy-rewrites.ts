/** The directives that change the header of a peer's response: proxy_redirect, proxy_cookie_domain, _path and _flags. */
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import type { DirectiveScope } from "../../nginx/directive-scope.ts";
import { HTTP_LEVELS, list } from "../../nginx/directive.ts";
import type { Template } from "../../nginx/template.ts";

/** What a value is compared with. */
export type RewritePattern =
  | { readonly kind: "text"; readonly text: Template }
  | { readonly kind: "regex"; readonly regex: RegExp };

/** What fits the pattern is replaced. */
export interface ReplaceRule {
  readonly kind: "replace";
  readonly pattern: RewritePattern;
  /** May hold groups of the pattern. */
  readonly replacement: Template;
}

/** `proxy_redirect`; any "off" ends all rules of the level. */
export type RedirectRule = { readonly kind: "off" | "default" } | ReplaceRule;

/** `proxy_cookie_domain`, `proxy_cookie_path`. */
export type CookieRule = { readonly kind: "off" } | ReplaceRule;

/** `proxy_cookie_flags`: undefined leaves what the cookie has. */
export interface FlagsRule {
  readonly kind: "flags";
  /** The names of the cookies. */
  readonly pattern: RewritePattern;
  readonly secure: boolean | undefined;
  readonly httpOnly: boolean | undefined;
  /** "": taken off. */
  readonly sameSite: "strict" | "lax" | "none" | "" | undefined;
}

export const proxyRewriteSettings = {
  redirects: list<RedirectRule>({
    name: "proxy_redirect",
    contexts: HTTP_LEVELS,
    arity: { min: 1, max: 2 },
    initial: [{ kind: "default" }],
    value([first = "", second], scope) {
      if (second !== undefined) return readReplacement(first, second, scope);
      if (first === "off" || first === "default") return { kind: first };
      throw new DirectiveFault(`invalid parameter "${first}"`);
    },
  }),
  cookieDomains: list<CookieRule>({
    name: "proxy_cookie_domain",
    contexts: HTTP_LEVELS,
    arity: { min: 1, max: 2 },
    value: (args, scope) => readCookieRule(args.map(withoutDot), scope, true),
  }),
  cookiePaths: list<CookieRule>({
    name: "proxy_cookie_path",
    contexts: HTTP_LEVELS,
    arity: { min: 1, max: 2 },
    value: (args, scope) => readCookieRule(args, scope, false),
  }),
  cookieFlags: list<FlagsRule | { readonly kind: "off" }>({
    name: "proxy_cookie_flags",
    contexts: HTTP_LEVELS,
    arity: { min: 1, max: 5 },
    value: readFlags,
  }),
};

function readReplacement(
  pattern: string,
  replacement: string,
  scope: DirectiveScope,
  caseless = false,
): ReplaceRule {
  return {
    kind: "replace",
    pattern: readPattern(pattern, scope, caseless),
    replacement: scope.template(replacement),
  };
}

function readPattern(text: string, scope: DirectiveScope, caseless: boolean): RewritePattern {
  if (!text.startsWith("~")) return { kind: "text", text: scope.template(text) };
  const isCaseless = text.startsWith("~*");
  const pattern = text.slice(isCaseless ? 2 : 1);
  if (pattern === "") throw new DirectiveFault(`empty regex in "${scope.name}"`);
  return { kind: "regex", regex: scope.regex(pattern, caseless || isCaseless) };
}

function readCookieRule(
  [first = "", second]: readonly string[],
  scope: DirectiveScope,
  caseless: boolean,
): CookieRule {
  if (second !== undefined) return readReplacement(first, second, scope, caseless);
  if (first === "off") return { kind: "off" };
  throw new DirectiveFault(`invalid parameter "${first}"`);
}

/** A leading dot of a domain means nothing. */
function withoutDot(text: string): string {
  return text.startsWith(".") ? text.slice(1) : text;
}

const FLAGS: Readonly<Record<string, Partial<FlagsRule>>> = {
  secure: { secure: true },
  nosecure: { secure: false },
  httponly: { httpOnly: true },
  nohttponly: { httpOnly: false },
  nosamesite: { sameSite: "" },
  "samesite=strict": { sameSite: "strict" },
  "samesite=lax": { sameSite: "lax" },
  "samesite=none": { sameSite: "none" },
};

function readFlags(
  [name = "", ...words]: readonly string[],
  scope: DirectiveScope,
): FlagsRule | { readonly kind: "off" } {
  if (words.length === 0) {
    if (name === "off") return { kind: "off" };
    throw new DirectiveFault(`invalid parameter "${name}"`);
  }
  const pattern = readPattern(name, scope, true);
  const none = { secure: undefined, httpOnly: undefined, sameSite: undefined };
  let rule: FlagsRule = { kind: "flags", pattern, ...none };
  for (const word of words) {
    const flag = Object.hasOwn(FLAGS, word) ? FLAGS[word] : undefined;
    if (!flag) throw new DirectiveFault(`invalid parameter "${word}"`);
    rule = { ...rule, ...flag };
  }
  return rule;
}
