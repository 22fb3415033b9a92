/**
 * `limit_rate`, `limit_rate_after` (ngx_http_core_module): the pace of a response. What `set $limit_rate` or a peer's
 * X-Accel-Limit-Rate says goes before the directive. http/paced-body.ts keeps to it.
 */
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import type { DirectiveScope } from "../../nginx/directive-scope.ts";
import { HTTP_LEVELS_AND_IF, single } from "../../nginx/directive.ts";
import type { Template } from "../../nginx/template.ts";
import { parseNumber, parseSize } from "../../nginx/units.ts";
import { fieldValue, type HeaderField } from "../header-fields.ts";
import { Pace } from "../pace.ts";
import type { RequestContext } from "../request-context.ts";

function rateRow(name: string) {
  return single<Template, undefined>({
    name,
    contexts: HTTP_LEVELS_AND_IF,
    initial: undefined,
    value: readSizeTemplate,
  });
}

export const limitRateSettings = {
  /** Bytes a second for each response; 0: no limit. */
  rate: rateRow("limit_rate"),
  /** Bytes of each response that are not held back. */
  freeBytes: rateRow("limit_rate_after"),
};

/** A size that may hold variables. @throws DirectiveFault. */
export function readSizeTemplate([text = ""]: readonly string[], scope: DirectiveScope): Template {
  const template = scope.template(text);
  if (template.isConstant && parseSize(text) === undefined) {
    throw new DirectiveFault(`"${scope.name}" directive invalid value`);
  }
  return template;
}

/** Bytes for this request; 0 for an empty value, and for one that is no size, which is logged. */
export function sizeFor(context: RequestContext, template: Template | undefined): number {
  if (template === undefined) return 0;
  const text = template.evaluate(context);
  const size = parseSize(text);
  if (size === undefined && text !== "") context.logError("error", `invalid size "${text}"`);
  return size ?? 0;
}

/** The pace of the response; undefined: as fast as it goes. */
export function responsePace(context: RequestContext): Pace | undefined {
  const { rate, freeBytes } = context.location.settings.limitRate;
  if (rate === undefined && context.limitRate === undefined) return undefined;
  const bytes = limitRateOf(context);
  if (bytes === 0) return undefined;
  return new Pace(context.wheel, { rate: bytes, freeBytes: sizeFor(context, freeBytes) });
}

/** $limit_rate */
export function limitRateOf(context: RequestContext): number {
  return context.limitRate ?? sizeFor(context, context.location.settings.limitRate.rate);
}

/** X-Accel-Limit-Rate of a peer: bytes a second, 0 takes the limit off. */
export function obeyLimitRate(context: RequestContext, fields: readonly HeaderField[]): void {
  if (context.location.settings.proxy.ignoredHeaders.includes("x-accel-limit-rate")) return;
  const rate = parseNumber(fieldValue(fields, "x-accel-limit-rate"));
  if (rate !== undefined) context.limitRate = rate;
}
