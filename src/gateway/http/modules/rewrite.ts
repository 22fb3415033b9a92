/**
 * The language of ngx_http_rewrite_module: `rewrite`, `set`, `break`, `return` and `if` of a level, kept as
 * one list in the order of the configuration. rewrite-script.ts runs it.
 */
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import { accepted, block, HTTP_LEVELS_AND_IF, joining, list } from "../../nginx/directive.ts";
import type { DirectiveScope } from "../../nginx/directive-scope.ts";
import type { Block } from "../../nginx/block.ts";
import type { Template } from "../../nginx/template.ts";
import { type Condition, readCondition } from "./rewrite-condition.ts";
import { type ReturnRule, readReturn } from "./return.ts";

/** `rewrite REGEX REPLACEMENT [FLAG];` */
export interface RewriteRule {
  readonly kind: "rewrite";
  readonly regex: RegExp;
  /** The replacement up to its first "?"; for redirects the whole URL. */
  readonly path: Template;
  /** What stands behind the "?"; undefined: no "?" there. */
  readonly query: Template | undefined;
  /** The request's own arguments are added: the replacement does not end in "?". */
  readonly keepsQuery: boolean;
  /** 0: the request goes on inside; else the status of the redirect. */
  readonly redirectStatus: 0 | 301 | 302;
  /** What comes after it: the next step, a new choice of location, or the end of the list. */
  readonly after: "go-on" | "last" | "break";
}

export type PlainStep =
  | RewriteRule
  | { readonly kind: "set"; readonly name: string; readonly value: Template }
  | { readonly kind: "break" }
  | { readonly kind: "return"; readonly rule: ReturnRule };

/** A step as it stands in the configuration; the block of an `if` is compiled later. */
export type ParsedStep =
  PlainStep | { readonly kind: "if"; readonly condition: Condition; readonly block: Block };

const LEVELS = ["server", "server-if", "location", "location-if"] as const;

export const rewriteSteps = list<ParsedStep>({
  name: "rewrite",
  contexts: LEVELS,
  arity: { min: 2, max: 3 },
  inherited: false,
  value: readRewrite,
});

export const rewriteRows = [
  rewriteSteps,
  joining<ParsedStep>(rewriteSteps, { name: "set", contexts: LEVELS, arity: 2, value: readSet }),
  joining<ParsedStep>(rewriteSteps, {
    name: "break",
    contexts: LEVELS,
    arity: 0,
    value: () => ({ kind: "break" }),
  }),
  joining<ParsedStep>(rewriteSteps, {
    name: "return",
    contexts: LEVELS,
    arity: { min: 1, max: 2 },
    value: (args, scope) => ({ kind: "return", rule: readReturn(args, scope) }),
  }),
  ifBlock("server", "server-if"),
  ifBlock("location", "location-if"),
  accepted("rewrite_log", HTTP_LEVELS_AND_IF),
  accepted("uninitialized_variable_warn", HTTP_LEVELS_AND_IF),
];

function ifBlock(context: "server" | "location", opens: "server-if" | "location-if") {
  return block({
    name: "if",
    contexts: [context],
    arity: { min: 1, max: 16 },
    opens,
    joins: {
      slot: rewriteSteps,
      read: (previous, inner, scope) => [
        ...(Array.isArray(previous) ? (previous as readonly ParsedStep[]) : []),
        { kind: "if", condition: readCondition(inner.args, scope), block: inner },
      ],
    },
  });
}

function readRewrite(
  [pattern = "", replacement = "", flag]: readonly string[],
  scope: DirectiveScope,
): RewriteRule {
  if (flag !== undefined && !["last", "break", "redirect", "permanent"].includes(flag)) {
    throw new DirectiveFault(`invalid parameter "${flag}"`);
  }
  const isUrl = /^(https?:\/\/|\$scheme)/.test(replacement);
  const redirects = isUrl || flag === "redirect" || flag === "permanent";
  const keepsQuery = !replacement.endsWith("?");
  const text = keepsQuery ? replacement : replacement.slice(0, -1);
  const question = redirects ? -1 : text.indexOf("?");
  const after = redirects ? "break" : flag === "last" || flag === "break" ? flag : "go-on";
  const redirectStatus = flag === "permanent" ? 301 : 302;
  return {
    kind: "rewrite",
    regex: scope.regex(pattern, false),
    path: scope.template(question === -1 ? text : text.slice(0, question)),
    query: question === -1 ? undefined : scope.template(text.slice(question + 1)),
    keepsQuery,
    redirectStatus: redirects ? redirectStatus : 0,
    after,
  };
}

function readSet([variable = "", value = ""]: readonly string[], scope: DirectiveScope): PlainStep {
  if (!/^\$\w+$/.test(variable)) throw new DirectiveFault(`invalid variable name "${variable}"`);
  return {
    kind: "set",
    name: scope.defineSettable(variable.slice(1)),
    value: scope.template(value),
  };
}
