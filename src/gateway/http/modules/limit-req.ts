/** `limit_req` and what belongs to it (ngx_http_limit_req_module). The buckets are in limit-zones.ts. */
import type { SourcePlace } from "../../../errors/config-error.ts";
import type { Cycle } from "../../cycle.ts";
import type { ErrorLevel } from "../../error-log-level.ts";
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import { flag, HTTP_LEVELS, list, type Setting, single } from "../../nginx/directive.ts";
import type { DirectiveScope } from "../../nginx/directive-scope.ts";
import type { Template } from "../../nginx/template.ts";
import { parseNumber, parseSize } from "../../nginx/units.ts";
import { checkLimits } from "../limit-zones.ts";
import type { Outcome } from "../phase.ts";
import type { RequestContext } from "../request-context.ts";
import { respondError } from "../responses.ts";
import { limitLogLevel, limitStatus } from "./limit-rows.ts";
import { delayRequest } from "./request-delay.ts";

export interface LimitZoneConfig {
  readonly name: string;
  readonly key: Template;
  /** Requests per second, times 1000. */
  readonly rate: number;
  readonly sizeBytes: number;
}

export interface LimitRule {
  readonly zoneName: string;
  readonly place: SourcePlace;
  /** Requests times 1000; also `delay`. */
  readonly burst: number;
  /** Excess that is served at once; Infinity: `nodelay`. */
  readonly delay: number;
}

/** nginx's zones have at least eight pages. */
const ZONE_BYTES_MIN = 32 * 1024;

export const limitReqZone: Setting<readonly LimitZoneConfig[]> = list<LimitZoneConfig>({
  name: "limit_req_zone",
  contexts: ["http"],
  arity: 3,
  value: readZone,
});

export const limitReqSettings = {
  rules: list<LimitRule>({
    name: "limit_req",
    contexts: HTTP_LEVELS,
    arity: { min: 1, max: 3 },
    value: readRule,
  }),
  status: limitStatus("limit_req_status"),
  dryRun: single({
    name: "limit_req_dry_run",
    contexts: HTTP_LEVELS,
    value: flag,
    initial: false,
  }),
  logLevel: limitLogLevel("limit_req_log_level"),
};

function readZone(args: readonly string[], scope: DirectiveScope): LimitZoneConfig {
  const [key = "", ...options] = args;
  let zone: readonly [name: string, sizeBytes: number] | undefined;
  let rate = 1000;
  for (const option of options) {
    const [, name, size] = /^zone=([^:]+):(.+)$/.exec(option) ?? [];
    const [, count, unit] = /^rate=(\d+)r\/([sm])$/.exec(option) ?? [];
    const sizeBytes = size === undefined ? undefined : parseSize(size);
    if (name !== undefined && sizeBytes !== undefined) zone = [name, sizeBytes];
    else if (count !== undefined && Number(count) > 0)
      rate = (Number(count) * 1000) / (unit === "m" ? 60 : 1);
    else throw new DirectiveFault(`invalid parameter "${option}"`);
  }
  if (!zone) throw new DirectiveFault('"limit_req_zone" must have "zone" parameter');
  const [name, sizeBytes] = zone;
  if (sizeBytes < ZONE_BYTES_MIN) throw new DirectiveFault(`zone "${name}" is too small`);
  return { name, key: scope.template(key), rate: Math.floor(rate), sizeBytes };
}

function readRule(args: readonly string[], scope: DirectiveScope): LimitRule {
  let zoneName = "";
  let burst = 0;
  let delay = 0;
  for (const option of args) {
    const [, word = "", text = ""] = /^(zone|burst|delay)=(.+)$/.exec(option) ?? [];
    const count = parseNumber(text);
    if (word === "zone") zoneName = text;
    else if (option === "nodelay") delay = Number.POSITIVE_INFINITY;
    else if (word === "" || count === undefined || count === 0) {
      const kind = word === "" ? "parameter" : `${word} value`;
      throw new DirectiveFault(`invalid ${kind} "${option}"`);
    } else if (word === "burst") burst = count * 1000;
    else delay = count * 1000;
  }
  if (zoneName === "") throw new DirectiveFault('"limit_req" must have "zone" parameter');
  return { zoneName, place: scope.place, burst, delay };
}

/** Delays are told one level below refusals. */
const DELAY_LEVEL = { info: "info", notice: "info", warn: "notice", error: "warn" } as const;

export function limitRequests(context: RequestContext, cycle: Cycle): Outcome | Promise<Outcome> {
  const { rules, status, dryRun, logLevel } = context.location.settings.limitReq;
  if (rules.length === 0 || context.limitReqStatus !== "") return "next";
  const limits = rules.flatMap((rule) => {
    const zone = cycle.limitZones.find(rule.zoneName);
    const key = zone?.config.key.evaluate(context) ?? "";
    return zone && key !== "" ? [{ rule, zone, key }] : [];
  });
  if (limits.length === 0) return "next";
  const verdict = checkLimits(limits, context.clock.monotonicMs());
  const suffix = dryRun ? "_DRY_RUN" : "";
  if (verdict.kind === "passed") {
    context.limitReqStatus = "PASSED";
    return "next";
  }
  context.limitReqStatus = `${verdict.kind === "rejected" ? "REJECTED" : "DELAYED"}${suffix}`;
  const [what, comma, level]: readonly [string, string, ErrorLevel] =
    verdict.kind === "rejected"
      ? ["limiting requests", "", logLevel]
      : ["delaying request", ",", DELAY_LEVEL[logLevel]];
  const excess = (verdict.excess / 1000).toFixed(3);
  context.logError(
    level,
    `${what}${dryRun ? ", dry run" : ""}, excess: ${excess}${comma} by zone "${verdict.zoneName}"`,
  );
  if (dryRun) return "next";
  if (verdict.kind === "rejected") return reject(context, status);
  return waitOut(context, verdict.delayMs);
}

async function reject(context: RequestContext, status: number): Promise<Outcome> {
  await respondError(context, status);
  return "done";
}

async function waitOut(context: RequestContext, delayMs: number): Promise<Outcome> {
  return (await delayRequest(context, delayMs)) ? "next" : "done";
}
