/** `return CODE [TEXT|URL];` and `return URL;`: how it is read and what it answers (ngx_http_send_response). */
import type { Template } from "../../nginx/template.ts";
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import type { DirectiveScope } from "../../nginx/directive-scope.ts";
import type { RequestContext } from "../request-context.ts";
import { respondEmpty, respondError, respondRedirect, respondText } from "../responses.ts";

export interface ReturnRule {
  /** 444: close the connection without a response. */
  readonly status: number;
  /** The body, or for redirects the URL; undefined: nginx's own page. */
  readonly value: Template | undefined;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** @throws DirectiveFault. */
export function readReturn(
  [first = "", second]: readonly string[],
  scope: DirectiveScope,
): ReturnRule {
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
}

export async function respondReturn(context: RequestContext, rule: ReturnRule): Promise<void> {
  const { status, value } = rule;
  if (status === 444) {
    context.statusWithoutResponse = 444;
    context.exchange.drop();
    return;
  }
  const text = value?.evaluate(context) ?? "";
  if (REDIRECTS.has(status)) return respondRedirect(context, status, text);
  if (status >= 400 && text === "") return respondError(context, status);
  if (text === "") return respondEmpty(context, status);
  const type = context.contentTypeOf(context.target.path);
  return respondText(context, status, { type, body: Buffer.from(text, "latin1") });
}
