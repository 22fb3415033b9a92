/**
 * axis2.xml parameters of the Hazelcast provider: `hazelcastMembers`, a list of addresses whose hosts may be ranges in
 * the last octet, and `hazelcastCommand`. Both are ignored, with a warning, unless the provider is "hazelcast".
 */
import type { SourcePlace } from "../errors/config-error.ts";
import { leaf } from "./element-table.ts";
import type { HazelcastConfig } from "./node-config.ts";
import type { Setting, SettingReader } from "./setting-reader.ts";
import { hostsOf, WELL_KNOWN_MEMBERS_MAX } from "./well-known-members.ts";

/** Hazelcast's own. */
const DEFAULT_PORT = 5701;
const COMMAND_LENGTH_MAX = 4096;

export interface HazelcastDraft {
  hazelcastMembers?: HazelcastConfig["members"] | undefined;
  hazelcastCommand?: string | undefined;
  hazelcastPlace?: SourcePlace;
}

/** The rows of `<clustering>`. */
export const HAZELCAST_ROWS = {
  "parameter hazelcastMembers": leaf<HazelcastDraft>((setting, draft, reader) => {
    draft.hazelcastMembers = membersOf(setting, reader);
    draft.hazelcastPlace = setting.place;
  }),
  "parameter hazelcastCommand": leaf<HazelcastDraft>((setting, draft, reader) => {
    draft.hazelcastCommand = commandOf(setting, reader);
    draft.hazelcastPlace = setting.place;
  }),
};

/** What goes into the configuration: nothing unless Hazelcast is the provider. */
export function hazelcastOf(
  draft: HazelcastDraft,
  isProvider: boolean,
  reader: SettingReader,
): { readonly hazelcast?: HazelcastConfig } {
  const { hazelcastMembers: members = [], hazelcastCommand: command, hazelcastPlace } = draft;
  if (isProvider) return { hazelcast: { members, command } };
  if (hazelcastPlace) {
    const message =
      'hazelcastMembers and hazelcastCommand are ignored: they need <parameter name="provider">hazelcast</parameter>';
    reader.problems.warning(hazelcastPlace, message);
  }
  return {};
}

function membersOf(setting: Setting, reader: SettingReader): HazelcastConfig["members"] {
  const words = setting.text.split(/[\s,]+/).filter((word) => word !== "");
  const members = words.flatMap((word) => memberOf({ ...setting, text: word }, reader));
  if (members.length <= WELL_KNOWN_MEMBERS_MAX) return members;
  const message = `hazelcastMembers has more than ${WELL_KNOWN_MEMBERS_MAX} addresses: write smaller ranges`;
  reader.problems.error(setting.place, message);
  return [];
}

/** "host", "host:port", "10.0.0.2-9:5701", "10.0.0.*". */
function memberOf(setting: Setting, reader: SettingReader): HazelcastConfig["members"] {
  const [, host = "", portText = String(DEFAULT_PORT)] =
    /^([^:]+)(?::(\d{1,5}))?$/.exec(setting.text) ?? [];
  const port = Number(portText);
  if (host !== "" && port >= 1 && port <= 65_535)
    return (hostsOf({ ...setting, text: host }, reader) ?? []).map((each) => ({
      host: each,
      port,
    }));
  const message = `"${setting.text}" is not an address of a Hazelcast member, expected host:port such as 10.0.0.1:5701 or 10.0.0.2-9:5701`;
  reader.problems.error(setting.place, message);
  return [];
}

function commandOf(setting: Setting, reader: SettingReader): string | undefined {
  const { text, place } = setting;
  if (text.includes("{config}") && text.length <= COMMAND_LENGTH_MAX) return text;
  const message =
    "hazelcastCommand must contain {config}, which is replaced by the path of the XML file, for example: java -Dhazelcast.config={config} -cp /opt/hazelcast/lib/* com.hazelcast.core.server.HazelcastMemberStarter";
  reader.problems.error(place, message);
  return undefined;
}
