/** `limit_conn` and what belongs to it (ngx_http_limit_conn_module). The counts are in connection-zones.ts. */
import type { SourcePlace } from "../../../errors/config-error.ts";
import type { Cycle } from "../../cycle.ts";
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import { flag, HTTP_LEVELS, list, type Setting, single } from "../../nginx/directive.ts";
import type { DirectiveScope } from "../../nginx/directive-scope.ts";
import { parseNumber, parseSize } from "../../nginx/units.ts";
import type { ConnectionZoneConfig } from "../connection-zones.ts";
import type { Outcome } from "../phase.ts";
import type { RequestContext } from "../request-context.ts";
import { respondError } from "../responses.ts";
import { limitLogLevel, limitStatus } from "./limit-rows.ts";

export interface ConnectionRule {
  readonly zoneName: string;
  readonly place: SourcePlace;
  /** Most requests in progress for one key. */
  readonly max: number;
}

/** nginx's zones have at least eight pages. */
const ZONE_BYTES_MIN = 32 * 1024;
const KEY_BYTES_MAX = 255;
const CONNECTIONS_MAX = 65_535;

export const limitConnZone: Setting<readonly ConnectionZoneConfig[]> = list<ConnectionZoneConfig>({
  name: "limit_conn_zone",
  contexts: ["http"],
  arity: 2,
  value: readZone,
});

const rules = list<ConnectionRule>({
  name: "limit_conn",
  contexts: HTTP_LEVELS,
  arity: 2,
  value: readRule,
});

export const limitConnSettings = {
  rules: {
    ...rules,
    read(previous, args, scope) {
      if (previous?.some(({ zoneName }) => zoneName === args[0]) === true) {
        throw new DirectiveFault('"limit_conn" directive is duplicate');
      }
      return rules.read(previous, args, scope);
    },
  } satisfies Setting<readonly ConnectionRule[]>,
  status: limitStatus("limit_conn_status"),
  dryRun: single({
    name: "limit_conn_dry_run",
    contexts: HTTP_LEVELS,
    value: flag,
    initial: false,
  }),
  logLevel: limitLogLevel("limit_conn_log_level"),
};

function readZone([key = "", option = ""]: readonly string[], scope: DirectiveScope) {
  const [, name = "", size = ""] = /^zone=([^:]*):(.*)$/.exec(option) ?? [];
  if (!option.startsWith("zone=")) throw new DirectiveFault(`invalid parameter "${option}"`);
  const sizeBytes = parseSize(size);
  if (name === "" || sizeBytes === undefined) {
    throw new DirectiveFault(`invalid zone size "${option.slice("zone=".length)}"`);
  }
  if (sizeBytes < ZONE_BYTES_MIN) throw new DirectiveFault(`zone "${name}" is too small`);
  return { name, key: scope.template(key), sizeBytes };
}

function readRule([zoneName = "", text = ""]: readonly string[], scope: DirectiveScope) {
  const max = parseNumber(text);
  if (max === undefined || max === 0) {
    throw new DirectiveFault(`invalid number of connections "${text}"`);
  }
  if (max > CONNECTIONS_MAX) throw new DirectiveFault("connection limit must be less 65536");
  return { zoneName, place: scope.place, max };
}

/** All limits or none: a request that one of them refuses counts nowhere. */
export function limitConnections(
  context: RequestContext,
  cycle: Cycle,
): Outcome | Promise<Outcome> {
  const { rules: limits, status, dryRun, logLevel } = context.location.settings.limitConn;
  if (limits.length === 0 || context.limitConnStatus !== "") return "next";
  const releases: (() => void)[] = [];
  for (const { zoneName, max } of limits) {
    const zone = cycle.connectionZones.find(zoneName);
    const key = zone?.config.key.evaluate(context) ?? "";
    if (!zone || key === "") continue;
    if (key.length > KEY_BYTES_MAX) {
      const sentence = `the value of the "${zone.config.key.text}" key is more than 255 bytes: "${key}"`;
      context.logError("error", sentence);
      continue;
    }
    context.limitConnStatus = "PASSED";
    const release = zone.enter(key, max);
    if (release) {
      releases.push(release);
      continue;
    }
    for (const undo of releases) undo();
    const sentence = `limiting connections${dryRun ? ", dry run," : ""} by zone "${zoneName}"`;
    context.logError(logLevel, sentence);
    context.limitConnStatus = dryRun ? "REJECTED_DRY_RUN" : "REJECTED";
    return dryRun ? "next" : reject(context, status);
  }
  for (const release of releases) context.atEnd(release);
  return "next";
}

async function reject(context: RequestContext, status: number): Promise<Outcome> {
  await respondError(context, status);
  return "done";
}
