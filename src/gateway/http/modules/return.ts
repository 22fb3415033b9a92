/** `return CODE [TEXT|URL];` and `return URL;` (ngx_http_rewrite_module). */
import type { Template } from "../../nginx/template.ts";
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import { single } from "../../nginx/directive.ts";

export interface ReturnRule {
  /** 444: close the connection without a response. */
  readonly status: number;
  /** The body, or for redirects the URL; undefined: nginx's own page. */
  readonly value: Template | undefined;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** true when the value of the rule is a URL and not a body. */
export function isRedirect(rule: ReturnRule): boolean {
  return REDIRECTS.has(rule.status);
}

export const returnSettings = {
  rule: single<ReturnRule, undefined>({
    name: "return",
    contexts: ["server", "location"],
    arity: { min: 1, max: 2 },
    inherited: false,
    initial: undefined,
    value([first = "", second], scope) {
      if (/^\d+$/.test(first)) {
        const status = Number(first);
        if (status > 999) throw new DirectiveFault(`invalid return code "${first}"`);
        const value = second === undefined ? undefined : scope.template(second);
        return { status, value };
      }
      const isUrl = /^(https?:\/\/|\$scheme)/.test(first);
      if (second !== undefined || !isUrl) {
        throw new DirectiveFault(`invalid return code "${first}"`);
      }
      return { status: 302, value: scope.template(first) };
    },
  }),
};
