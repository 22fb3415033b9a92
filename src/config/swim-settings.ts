/**
 * axis2.xml parameters of the embedded membership, under happn's names: pingInterval and its relatives, udp.maxDgramSize, seed,
 * seedWait, hosts and clusterName; and localMemberPortStrict. Times are milliseconds. What is left out keeps its default.
 */
import { leaf } from "./element-table.ts";
import type { ClusteringConfig, SwimConfig } from "./node-config.ts";
import type { NumberRange, Setting, SettingReader } from "./setting-reader.ts";
import { hostsOf, WELL_KNOWN_MEMBERS_MAX } from "./well-known-members.ts";

type Timing = { -readonly [Name in keyof SwimConfig["timing"]]: SwimConfig["timing"][Name] };
type Members = ClusteringConfig["members"];

export interface SwimDraft {
  timing?: Timing;
  isPortStrict?: boolean | undefined;
  isSeed?: boolean | undefined;
  seedWaitMs?: number | undefined;
  hosts?: Members | undefined;
  clusterName?: Setting;
}

const INTERVAL: NumberRange = { what: "an interval in milliseconds", min: 50, max: 60_000 };
const TIMEOUT: NumberRange = { what: "a time-out in milliseconds", min: 50, max: 60_000 };
const WAIT: NumberRange = { what: "a time in milliseconds", min: 0, max: 600_000 };
const GROUP: NumberRange = { what: "a number of members", min: 0, max: 10 };
const FACTOR: NumberRange = { what: "a factor", min: 1, max: 100 };
/** Largest: what fits the usual MTU. Smallest: one piece of news with a long host name. */
const DATAGRAM: NumberRange = { what: "a size in bytes", min: 256, max: 1400 };

/** The rows of `<clustering>`. */
export const SWIM_ROWS = {
  "parameter pingInterval": timing("pingIntervalMs", INTERVAL),
  "parameter pingTimeout": timing("pingTimeoutMs", TIMEOUT),
  "parameter pingReqTimeout": timing("pingReqTimeoutMs", TIMEOUT),
  "parameter pingReqGroupSize": timing("pingReqGroupSize", GROUP),
  "parameter disseminationFactor": timing("disseminationFactor", FACTOR),
  "parameter udp.maxDgramSize": timing("maxDgramBytes", DATAGRAM),
  "parameter joinTimeout": timing("joinTimeoutMs", WAIT),
  "parameter localMemberPortStrict": leaf<SwimDraft>((setting, draft, reader) => {
    draft.isPortStrict = reader.boolean(setting);
  }),
  "parameter seed": leaf<SwimDraft>((setting, draft, reader) => {
    draft.isSeed = reader.boolean(setting);
  }),
  "parameter seedWait": leaf<SwimDraft>((setting, draft, reader) => {
    draft.seedWaitMs = reader.integer(setting, WAIT);
  }),
  "parameter hosts": leaf<SwimDraft>((setting, draft, reader) => {
    draft.hosts = membersOf(setting, reader);
  }),
  "parameter clusterName": leaf<SwimDraft>((setting, draft) => {
    draft.clusterName = setting;
  }),
};

/** What goes into the configuration: nothing where nothing is set. */
export function swimOf(draft: SwimDraft): { readonly swim?: SwimConfig } {
  const { timing: times = {}, isPortStrict, isSeed, seedWaitMs } = draft;
  const swim: SwimConfig = {
    timing: times,
    ...(isPortStrict === undefined ? {} : { isPortStrict }),
    ...(isSeed === undefined ? {} : { isSeed }),
    ...(seedWaitMs === undefined ? {} : { seedWaitMs }),
  };
  const isSet = Object.keys(times).length + Object.keys(swim).length > 1;
  return isSet ? { swim } : {};
}

function timing(name: keyof Timing, range: NumberRange) {
  return leaf<SwimDraft>((setting, draft, reader) => {
    const value = reader.integer(setting, range);
    draft.timing ??= {};
    if (value !== undefined) draft.timing[name] = value;
  });
}

/** "10.0.0.1:56000, 10.0.0.2-9:56000", with commas, blanks, or as happn's list in brackets and quotes. */
function membersOf(setting: Setting, reader: SettingReader): Members {
  const words = setting.text.split(/[\s,[\]'"]+/).filter((word) => word !== "");
  const members = words.flatMap((word) => memberOf({ ...setting, text: word }, reader));
  if (members.length <= WELL_KNOWN_MEMBERS_MAX) return members;
  const message = `hosts has more than ${WELL_KNOWN_MEMBERS_MAX} addresses: write smaller ranges`;
  reader.problems.error(setting.place, message);
  return [];
}

function memberOf(setting: Setting, reader: SettingReader): Members {
  const [, host = "", portText = ""] = /^(.+):(\d{1,5})$/.exec(setting.text) ?? [];
  const port = Number(portText);
  if (host !== "" && port >= 1 && port <= 65_535)
    return (hostsOf({ ...setting, text: host }, reader) ?? []).map((each) => ({
      host: each,
      port,
    }));
  const message = `"${setting.text}" is not an address of a member, expected host:port such as 10.0.0.1:4100 or 10.0.0.2-9:4100`;
  reader.problems.error(setting.place, message);
  return [];
}
