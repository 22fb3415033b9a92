/**
 * axis2.xml `<clustering>`: the embedded membership over well-known addresses under WSO2's names, or
 * Hazelcast where `<parameter name="provider">` says so. Called by `axis2.ts`.
 */
import type { SourcePlace } from "../errors/config-error.ts";
import { branch, type Draft, elementTable, leaf, readChildren } from "./element-table.ts";
import { HAZELCAST_ROWS, type HazelcastDraft, hazelcastOf } from "./hazelcast-settings.ts";
import { isLoopback } from "./local-address.ts";
import { type MemberAddresses, readMemberProperties } from "./member-record.ts";
import type { ClusteringConfig } from "./node-config.ts";
import type { Setting, SettingReader } from "./setting-reader.ts";
import {
  HOST_NAME_ROWS,
  type PresenceDraft,
  STABILITY_ROWS,
  stabilityOf,
} from "./node-presence.ts";
import { SWIM_ROWS, type SwimDraft, swimOf } from "./swim-settings.ts";
import { MEMBERS_ROW } from "./well-known-members.ts";
import { attributeOf } from "./xml-query.ts";
import type { XmlElement } from "./xml.ts";

/** The class that WSO2's axis2.xml names; the only one that is accepted. */
const HAZELCAST_AGENT = "org.wso2.carbon.core.clustering.hazelcast.HazelcastClusteringAgent";
const DEFAULT_DOMAIN = "wso2.carbon.domain";
const DEFAULT_PORT = 4000;
const DOMAIN_LENGTH_MAX = 255;

/** What the reader must know from elsewhere. */
export interface ClusteringSurroundings {
  readonly isWorker: boolean;
  /** localMemberHost when the file gives none. */
  readonly localAddress: () => string;
  /** Ports of the management connectors, for `${httpPort}` and `${httpsPort}`. */
  readonly managementPorts: Omit<MemberAddresses, "hostName">;
  /** Takes sentences for the log that are neither errors nor warnings. */
  readonly notices: string[];
}

interface ClusteringDraft
  extends
    PresenceDraft,
    HazelcastDraft,
    SwimDraft,
    Draft<
      Pick<
        ClusteringConfig,
        "provider" | "domain" | "localMemberHost" | "localMemberPort" | "members" | "groupPassword"
      >
    > {
  localMemberHostPlace?: SourcePlace;
  propertiesElement?: XmlElement;
}

const ACCEPTED_PARAMETERS = `
  localMemberBindAddress localMemberBindPort localMemberIdentifier licenseKey mgtCenterURL
  hazelcastSerializers connTimeout membershipSchemeClassName mcastAddress mcastPort
  mcastTTL mcastTimeout mcastBindAddress accessKey secretKey iamRole securityGroup
  hostHeader region tagKey tagValue AvoidInitiation clusteringPattern isActive
  synchronizeAll maxRetries preserveMessageOrder atmostOnceMessageSemantics
`;

const CLUSTERING = elementTable<ClusteringDraft>(
  {
    "parameter provider": leaf((setting, draft, reader) => {
      draft.provider = reader.word(setting, ["embedded", "hazelcast"]);
    }),
    "parameter membershipScheme": leaf((setting, _draft, reader) => checkScheme(setting, reader)),
    "parameter domain": leaf((setting, draft, reader) => {
      draft.domain = domainOf(setting, reader);
    }),
    "parameter localMemberHost": leaf((setting, draft, reader) => {
      draft.localMemberHost = advertisedHost(setting, reader);
      draft.localMemberHostPlace = setting.place;
    }),
    "parameter localMemberPort": leaf((setting, draft, reader) => {
      draft.localMemberPort = reader.port(setting, 0);
    }),
    "parameter groupPassword": leaf((setting, draft, reader) => {
      draft.groupPassword = reader.secret(setting);
    }),
    "parameter properties": branch((element, draft) => {
      draft.propertiesElement = element;
    }),
    ...STABILITY_ROWS,
    ...HAZELCAST_ROWS,
    ...SWIM_ROWS,
    ...HOST_NAME_ROWS,
    members: MEMBERS_ROW,
    groupManagement: branch((element, _draft, reader) => {
      if (attributeOf(element, "enable") !== "true") return;
      const message =
        "groupManagement is not needed and ignored: a gateway finds the workers by itself";
      reader.problems.warning(element.place, message);
    }),
  },
  "nodeManager stateManager",
  ACCEPTED_PARAMETERS,
);

/** The configuration of `<clustering>`, or undefined when it is off; an element that is off is not looked into. */
export function readClustering(
  element: XmlElement,
  surroundings: ClusteringSurroundings,
  reader: SettingReader,
): ClusteringConfig | undefined {
  if (!isEnabled(element, reader)) return undefined;
  const draft: ClusteringDraft = {};
  readChildren(element, CLUSTERING, draft, reader);
  checkClass(element, draft, surroundings, reader);
  const localMemberHost = draft.localMemberHost ?? surroundings.localAddress();
  const members = [...(draft.members ?? []), ...(draft.hosts ?? [])];
  if (isLoopback(localMemberHost) && members.some((member) => !isLoopback(member.host)))
    reader.problems.warning(
      draft.localMemberHostPlace ?? element.place,
      "localMemberHost is configured to use the loopback address, but well-known members are on other machines and cannot reach it: give this machine's IP address",
    );
  return {
    provider: draft.provider ?? "embedded",
    domain: clusterDomain(draft, reader),
    localMemberHost,
    localMemberPort: draft.localMemberPort ?? DEFAULT_PORT,
    members,
    groupPassword: draft.groupPassword,
    ...swimOf(draft),
    ...hazelcastOf(draft, draft.provider === "hazelcast", reader),
    ...(draft.stability && { stability: stabilityOf(draft) }),
    ...(draft.hostNames && { hostNames: draft.hostNames }),
    ...memberRecord(draft, localMemberHost, surroundings, reader),
  };
}

/** A missing `enable` means true, as in WSO2. */
function isEnabled(element: XmlElement, reader: SettingReader): boolean {
  const enable = reader.setting(attributeOf(element, "enable") ?? "true", element.place);
  return enable !== undefined && reader.boolean(enable) === true;
}

function checkClass(
  element: XmlElement,
  draft: ClusteringDraft,
  surroundings: ClusteringSurroundings,
  reader: SettingReader,
): void {
  const name = attributeOf(element, "class")?.trim();
  if (name !== HAZELCAST_AGENT) {
    const found =
      name === undefined ? "classAttributeNotFound" : `the class "${name}" is not known`;
    reader.problems.error(element.place, `<clustering>: ${found}, expected "${HAZELCAST_AGENT}"`);
  } else if (draft.provider === undefined) {
    surroundings.notices.push(
      `${element.place.file} names WSO2's Hazelcast agent: the embedded membership is used over the same <members>. To use Hazelcast: <parameter name="provider">hazelcast</parameter>`,
    );
  }
}

function memberRecord(
  draft: ClusteringDraft,
  hostName: string,
  surroundings: ClusteringSurroundings,
  reader: SettingReader,
): Pick<ClusteringConfig, "subDomain" | "properties"> {
  const addresses = { hostName, ...surroundings.managementPorts };
  const element = draft.propertiesElement;
  const properties = element && readMemberProperties(element, addresses, reader);
  const { subDomain = "", ...others } = Object.fromEntries(properties ?? []);
  if (element && subDomain !== "") checkSubDomain(element, subDomain, surroundings, reader);
  const usual = surroundings.isWorker ? "worker" : "mgt";
  return { subDomain: subDomain === "" ? usual : subDomain, properties: others };
}

function checkSubDomain(
  element: XmlElement,
  subDomain: string,
  surroundings: ClusteringSurroundings,
  reader: SettingReader,
): void {
  if (surroundings.isWorker && subDomain === "mgt")
    reader.problems.warning(
      element.place,
      'the subDomain is "mgt", but the node is a worker (-DworkerNode=true): a worker belongs to "worker"',
    );
  if (!surroundings.isWorker && subDomain === "worker")
    reader.problems.warning(
      element.place,
      'the subDomain is "worker", but the node is a manager: start it with -DworkerNode=true or write "mgt"',
    );
}

function checkScheme(setting: Setting, reader: SettingReader): void {
  const { text, place } = setting;
  if (text === "wka") return;
  const message =
    text === "multicast" || text === "aws"
      ? `membershipScheme "${text}" is not supported: write "wka" and list the well-known members in <members>`
      : `Invalid membership scheme '${text}'. Supported schemes are multicast, wka & aws (here: wka only)`;
  reader.problems.error(place, message);
}

function domainOf(setting: Setting, reader: SettingReader): string | undefined {
  const { text, place } = setting;
  if (text.length <= DOMAIN_LENGTH_MAX && /^[\w.:-]+$/.test(text)) return text;
  const expected = `expected letters, digits, ".", "_", ":" and "-", at most ${DOMAIN_LENGTH_MAX}`;
  reader.problems.error(place, `"${text}" is not a cluster domain: ${expected}`);
  return undefined;
}

/** `domain`, or happn's clusterName for it. */
function clusterDomain(draft: ClusteringDraft, reader: SettingReader): string {
  const { domain, clusterName } = draft;
  const name = clusterName && domainOf(clusterName, reader);
  if (clusterName && domain !== undefined && name !== domain)
    reader.problems.error(
      clusterName.place,
      `clusterName "${clusterName.text}" and domain "${domain}" are two names for one thing and differ: write one of them`,
    );
  return domain ?? name ?? DEFAULT_DOMAIN;
}

/** The address that other nodes use; "every interface" is none. */
function advertisedHost(setting: Setting, reader: SettingReader): string | undefined {
  if (setting.text !== "0.0.0.0" && setting.text !== "::") return reader.host(setting);
  const message = `localMemberHost "${setting.text}" cannot be reached by other nodes: give this machine's IP address`;
  reader.problems.error(setting.place, message);
  return undefined;
}
