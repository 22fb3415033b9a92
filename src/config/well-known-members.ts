/**
 * axis2.xml `<members>`: the well-known members. A host may be a range in its last octet
 * (`192.168.1.2-10`, `192.168.1.*`), as Hazelcast's TCP/IP join reads it; ranges leave here expanded.
 */
import { isIP } from "node:net";
import {
  branch,
  branches,
  elementTable,
  leaf,
  readChildren,
  requireChild,
} from "./element-table.ts";
import type { ClusteringConfig } from "./node-config.ts";
import type { Setting, SettingReader } from "./setting-reader.ts";

/** Most addresses that a node contacts, ranges expanded: each one is probed for ever. */
export const WELL_KNOWN_MEMBERS_MAX = 1024;

const OCTET_MAX = 255;
const RANGE = /^(\d{1,3}\.\d{1,3}\.\d{1,3})\.(?:(\d{1,3})-(\d{1,3})|\*)$/;

type Members = ClusteringConfig["members"][number][];

interface MemberDraft {
  hosts?: readonly string[] | undefined;
  port?: number | undefined;
}

const MEMBER = elementTable<MemberDraft>({
  hostName: leaf((setting, draft, reader) => {
    draft.hosts = hostsOf(setting, reader);
  }),
  port: leaf((setting, draft, reader) => {
    draft.port = reader.integer(setting, { what: "a port number", min: 1, max: 65_535 });
  }),
});

const MEMBERS = elementTable<Members>({
  member: branches((element, members, reader) => {
    const { hosts = [], port } = readMember(element, reader);
    if (members.length + hosts.length > WELL_KNOWN_MEMBERS_MAX) {
      const message = `there are more than ${WELL_KNOWN_MEMBERS_MAX} well-known members: write smaller ranges`;
      reader.problems.error(element.place, message);
    } else if (port !== undefined) members.push(...hosts.map((host) => ({ host, port })));
  }),
});

/** The row of `<clustering>`. */
export const MEMBERS_ROW = branch<{ members?: ClusteringConfig["members"] | undefined }>(
  (element, clustering, reader) => {
    const members: Members = [];
    readChildren(element, MEMBERS, members, reader);
    clustering.members = members;
  },
);

function readMember(
  element: Parameters<typeof readChildren>[0],
  reader: SettingReader,
): MemberDraft {
  const draft: MemberDraft = {};
  readChildren(element, MEMBER, draft, reader);
  requireChild(element, "hostName", reader);
  requireChild(element, "port", reader);
  return draft;
}

/** The hosts of a name, an address or a range; undefined when it is none, which is reported. */
export function hostsOf(setting: Setting, reader: SettingReader): readonly string[] | undefined {
  if (!looksLikeRange(setting.text)) {
    const host = reader.host(setting);
    return host === undefined ? undefined : [host];
  }
  const range = RANGE.exec(setting.text);
  const [, network = "", low = "0", high = String(OCTET_MAX)] = range ?? [];
  const [first, last] = [Number(low), Number(high)];
  if (range && first <= last && last <= OCTET_MAX && network.split(".").every(isOctet))
    return Array.from({ length: last - first + 1 }, (_, index) => `${network}.${first + index}`);
  const expected = "expected a range such as 192.168.1.2-10";
  reader.problems.error(setting.place, `"${setting.text}" is not an address range: ${expected}`);
  return undefined;
}

/** Digits, dots, stars and hyphens alone are no host name; they are an address or meant as a range. */
function looksLikeRange(text: string): boolean {
  return /^[\d.*-]+$/.test(text) && isIP(text) === 0;
}

function isOctet(text: string): boolean {
  return Number(text) <= OCTET_MAX;
}
