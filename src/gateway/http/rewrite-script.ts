/**
 * Runs the steps of ngx_http_rewrite_module for a request: changes URI, arguments and variables, answers, or
 * asks for a new choice of the location. Called by the phases `server rewrite` and `rewrite`.
 */
import { escapeChars, isControl } from "../escape-chars.ts";
import type { LocationConfig } from "../gateway-config.ts";
import type { Condition } from "./modules/rewrite-condition.ts";
import { respondReturn } from "./modules/return.ts";
import type { PlainStep, RewriteRule } from "./modules/rewrite.ts";
import type { Outcome } from "./phase.ts";
import type { RequestContext } from "./request-context.ts";
import { respondError, respondRedirect } from "./responses.ts";

export type RewriteStep = PlainStep | IfStep;

interface IfStep {
  readonly kind: "if";
  readonly condition: Condition;
  readonly steps: readonly RewriteStep[];
  /** The values inside the block; undefined on the server's level. */
  readonly location: LocationConfig | undefined;
}

/** "next": no step has answered or changed the URI so that the location is chosen anew. */
export function runRewriteSteps(
  context: RequestContext,
  steps: readonly RewriteStep[],
): Outcome | Promise<Outcome> {
  if (steps.length === 0) return "next";
  const run = new ScriptRun(context);
  const answer = run.runAll(steps);
  if (answer instanceof Promise) return answer.then((): Outcome => "done");
  return run.uriChanged ? "relocate" : "next";
}

class ScriptRun {
  uriChanged = false;
  readonly #context: RequestContext;

  constructor(context: RequestContext) {
    this.#context = context;
  }

  /** A promise: the answer; "end": no further steps. */
  runAll(steps: readonly RewriteStep[]): Promise<void> | "end" | undefined {
    for (const step of steps) {
      const result = this.#runStep(step);
      if (result !== undefined) return result;
    }
    return undefined;
  }

  #runStep(step: RewriteStep): Promise<void> | "end" | undefined {
    const context = this.#context;
    if (step.kind === "if") return this.#runIf(step);
    switch (step.kind) {
      case "set":
        context.setVariable(step.name, step.value.evaluate(context));
        break;
      case "break":
        return this.#stopHere();
      case "return":
        return respondReturn(context, step.rule);
      case "rewrite":
        return this.#rewrite(step);
    }
    return undefined;
  }

  #runIf(step: IfStep): Promise<void> | "end" | undefined {
    if (!step.condition(this.#context)) return undefined;
    if (step.location) this.#context.location = step.location;
    return this.runAll(step.steps);
  }

  /** The request stays in its location, even with another URI. */
  #stopHere(): "end" {
    if (this.uriChanged) this.#context.isLocationPathValid = false;
    this.uriChanged = false;
    return "end";
  }

  #rewrite(rule: RewriteRule): Promise<void> | "end" | undefined {
    const context = this.#context;
    if (!context.match(rule.regex, context.target.path)) return undefined;
    if (rule.redirectStatus !== 0) return redirect(context, rule, rule.redirectStatus);
    const path = rule.path.evaluate(context);
    if (path === "") {
      context.logError("error", "the rewritten URI has a zero length");
      return respondError(context, 500);
    }
    context.changeTarget(path, rewrittenQuery(context, rule));
    this.uriChanged = true;
    if (rule.after === "break") return this.#stopHere();
    return rule.after === "last" ? "end" : undefined;
  }
}

function rewrittenQuery(context: RequestContext, { query, keepsQuery }: RewriteRule): string {
  const before = keepsQuery ? context.target.query : "";
  if (!query) return before;
  const text = context.withEscapedCaptures(() => query.evaluate(context));
  return before === "" ? text : `${text}&${before}`;
}

function redirect(context: RequestContext, rule: RewriteRule, status: number): Promise<void> {
  const url = context.withEscapedCaptures(() => rule.path.evaluate(context));
  const { query } = context.target;
  const suffix =
    rule.keepsQuery && query !== "" ? (rule.path.text.includes("?") ? "&" : "?") + query : "";
  return respondRedirect(context, status, unescapeRedirect(url) + suffix);
}

/**
 * Takes needless escapes out of the part before "?" (NGX_UNESCAPE_REDIRECT); an escaped "?" is the "?" then. What a
 * header value must not hold is escaped.
 */
function unescapeRedirect(url: string): string {
  let plain = "";
  let at = 0;
  while (at < url.length && !plain.endsWith("?")) {
    const digits = /^%([0-9A-Fa-f]{2})/.exec(url.slice(at, at + 3))?.[1];
    const code = digits === undefined ? 0 : Number.parseInt(digits, 16);
    const isNeedless = code > 0x25 && code < 0x7f;
    plain += isNeedless ? String.fromCharCode(code) : url.charAt(at);
    at += isNeedless ? 3 : 1;
  }
  return escapeChars(plain + url.slice(at), "%", (code) => isControl(code) || code === 0x20);
}
