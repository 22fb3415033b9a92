/** `expires` (ngx_http_headers_module): the fields Expires and Cache-Control. */
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import { HTTP_LEVELS_AND_IF, single } from "../../nginx/directive.ts";
import { parseDurationMs } from "../../nginx/units.ts";
import type { Template } from "../../nginx/template.ts";
import type { HeaderField } from "../header-fields.ts";
import { fieldValue } from "../header-fields.ts";
import type { RequestContext } from "../request-context.ts";

interface ExpiresRule {
  /** Counted from Last-Modified. */
  readonly fromModified: boolean;
  readonly time: Template;
}

export const expiresSettings = {
  rule: single<ExpiresRule, undefined>({
    name: "expires",
    contexts: HTTP_LEVELS_AND_IF,
    arity: { min: 1, max: 2 },
    initial: undefined,
    value(args, scope) {
      const fromModified = args.length === 2;
      if (fromModified && args[0] !== "modified") throw new DirectiveFault("invalid value");
      const time = scope.template(args.at(-1) ?? "");
      if (time.isConstant && !readExpires(time.text)) throw new DirectiveFault("invalid value");
      if (fromModified && time.text.startsWith("@")) {
        throw new DirectiveFault('daily time cannot be used with "modified" parameter');
      }
      return { fromModified, time };
    },
  }),
};

export type ExpiresTime =
  | { readonly kind: "off" }
  | { readonly kind: "epoch" }
  | { readonly kind: "max" }
  /** `dailyMs`: the time of the day. */
  | { readonly kind: "daily"; readonly dailyMs: number }
  /** Negative: in the past. */
  | { readonly kind: "after"; readonly afterMs: number };

/** Undefined: the text is none of nginx's forms. */
export function readExpires(text: string): ExpiresTime | undefined {
  if (text === "off" || text === "epoch" || text === "max") return { kind: text };
  const [, sign = "", rest = ""] = /^([@+-]?)(.+)$/.exec(text) ?? [];
  const ms = parseDurationMs(rest);
  if (ms === undefined) return undefined;
  if (sign !== "@") return { kind: "after", afterMs: sign === "-" ? -ms : ms };
  return ms > DAY_MS ? undefined : { kind: "daily", dailyMs: ms };
}

const DAY_MS = 86_400_000;

/** The two fields for a response that may be cached; none for `off` and for values that are none. */
export function expiresFields(
  context: RequestContext,
  responseFields: readonly HeaderField[],
): readonly HeaderField[] {
  const { rule } = context.location.settings.expires;
  const time = rule && readExpires(rule.time.evaluate(context));
  if (!time || time.kind === "off") return [];
  if (time.kind === "epoch") return fields("Thu, 01 Jan 1970 00:00:01 GMT", "no-cache");
  if (time.kind === "max") return fields("Thu, 31 Dec 2037 23:55:55 GMT", "max-age=315360000");
  const nowMs = context.clock.wallMs();
  if (time.kind === "daily") {
    const today = new Date(nowMs).setHours(0, 0, 0, 0) + time.dailyMs;
    const atMs = today > nowMs ? today : today + DAY_MS;
    return fields(new Date(atMs).toUTCString(), `max-age=${Math.floor((atMs - nowMs) / 1000)}`);
  }
  const modifiedMs = Date.parse(fieldValue(responseFields, "last-modified"));
  const baseMs = rule?.fromModified && !Number.isNaN(modifiedMs) ? modifiedMs : nowMs;
  const atMs = baseMs + time.afterMs;
  const seconds = Math.floor((atMs - nowMs) / 1000);
  return fields(new Date(atMs).toUTCString(), seconds < 0 ? "no-cache" : `max-age=${seconds}`);
}

function fields(expires: string, cacheControl: string): readonly HeaderField[] {
  return [
    ["Expires", expires],
    ["Cache-Control", cacheControl],
  ];
}
