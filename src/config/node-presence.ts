/**
 * axis2.xml `<clustering>`: under which names a node is reached (Axon Server's hostname, domain, internal-hostname and
 * internal-domain; their chain of defaults is in cluster/host-names.ts), and when it opens its service ports (happn's
 * minimumPeers, stabiliseTimeout and stableReportInterval). The rows stand in the table of `clustering.ts`.
 */
import { type Draft, leaf } from "./element-table.ts";
import type { HostNamesConfig, StabilityConfig } from "./node-config.ts";
import type { NumberRange } from "./setting-reader.ts";

/** What happn ships. */
export const STABILITY_DEFAULTS: StabilityConfig = {
  minimumPeers: 0,
  stabiliseTimeoutMs: 120_000,
  stableReportIntervalMs: 5_000,
  strict: false,
};

/** What the rows below fill. */
export interface PresenceDraft {
  stability?: Draft<StabilityConfig>;
  hostNames?: Draft<HostNamesConfig>;
}

export const PEERS: NumberRange = { what: "a number of peers", min: 0, max: 1_000 };
const TIMEOUT: NumberRange = { what: "a number of milliseconds", min: 0, max: 86_400_000 };
const INTERVAL: NumberRange = { what: "a number of milliseconds", min: 100, max: 3_600_000 };

export const STABILITY_ROWS = {
  "parameter minimumPeers": leaf<PresenceDraft>((setting, draft, reader) => {
    stabilityIn(draft).minimumPeers = reader.integer(setting, PEERS);
  }),
  "parameter stabiliseTimeout": leaf<PresenceDraft>((setting, draft, reader) => {
    stabilityIn(draft).stabiliseTimeoutMs = reader.integer(setting, TIMEOUT);
  }),
  "parameter stableReportInterval": leaf<PresenceDraft>((setting, draft, reader) => {
    stabilityIn(draft).stableReportIntervalMs = reader.integer(setting, INTERVAL);
  }),
  "parameter stabiliseStrict": leaf<PresenceDraft>((setting, draft, reader) => {
    stabilityIn(draft).strict = reader.boolean(setting);
  }),
};

/** Axon's "domain" is "hostname-domain" here: "domain" is the cluster's name. */
export const HOST_NAME_ROWS = {
  "parameter hostname": leaf<PresenceDraft>((setting, draft, reader) => {
    namesIn(draft).hostname = reader.host(setting);
  }),
  "parameter hostname-domain": leaf<PresenceDraft>((setting, draft, reader) => {
    namesIn(draft).domain = reader.host(setting);
  }),
  "parameter internal-hostname": leaf<PresenceDraft>((setting, draft, reader) => {
    namesIn(draft).internalHostname = reader.host(setting);
  }),
  "parameter internal-domain": leaf<PresenceDraft>((setting, draft, reader) => {
    namesIn(draft).internalDomain = reader.host(setting);
  }),
};

export function stabilityOf({ stability = {} }: PresenceDraft): StabilityConfig {
  return {
    minimumPeers: stability.minimumPeers ?? STABILITY_DEFAULTS.minimumPeers,
    stabiliseTimeoutMs: stability.stabiliseTimeoutMs ?? STABILITY_DEFAULTS.stabiliseTimeoutMs,
    stableReportIntervalMs:
      stability.stableReportIntervalMs ?? STABILITY_DEFAULTS.stableReportIntervalMs,
    strict: stability.strict ?? STABILITY_DEFAULTS.strict,
  };
}

function stabilityIn(draft: PresenceDraft): Draft<StabilityConfig> {
  return (draft.stability ??= {});
}

function namesIn(draft: PresenceDraft): Draft<HostNamesConfig> {
  return (draft.hostNames ??= {});
}
