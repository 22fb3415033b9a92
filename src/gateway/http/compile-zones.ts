/** The zones of `limit_req` and `limit_conn`: each name is taken once, and each rule's zone exists. */
import type { SourcePlace } from "../../errors/config-error.ts";
import type { ConfigProblems } from "../../errors/config-error.ts";
import type { Block } from "../nginx/block.ts";
import type { Setting } from "../nginx/directive.ts";
import type { ConnectionZoneConfig } from "./connection-zones.ts";
import { limitConnSettings, limitConnZone } from "./modules/limit-conn.ts";
import { limitReqSettings, limitReqZone, type LimitZoneConfig } from "./modules/limit-req.ts";

interface ZoneUse {
  readonly zoneName: string;
  readonly place: SourcePlace;
}

/** The zones of the `http` block; problems are collected. */
export function compileZones(
  http: Block,
  problems: ConfigProblems,
): {
  readonly limitZones: readonly LimitZoneConfig[];
  readonly connectionZones: readonly ConnectionZoneConfig[];
} {
  const limitZones = http.get(limitReqZone);
  const connectionZones = http.get(limitConnZone);
  check({ rows: limitReqSettings.rules, zones: limitZones }, http, problems);
  check({ rows: limitConnSettings.rules, zones: connectionZones }, http, problems);
  const names = [...limitZones, ...connectionZones].map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) problems.error(http.place, `zone "${twice}" is already bound to a key`);
  return { limitZones, connectionZones };
}

function check(
  kind: {
    readonly rows: Setting<readonly ZoneUse[]>;
    readonly zones: readonly { readonly name: string }[];
  },
  block: Block,
  problems: ConfigProblems,
): void {
  for (const { zoneName, place } of block.own(kind.rows) ?? []) {
    const exists = kind.zones.some(({ name }) => name === zoneName);
    if (!exists) problems.error(place, `zero size shared memory zone "${zoneName}"`);
  }
  for (const child of block.children) check(kind, child, problems);
}
