/**
 * axis2/axis2.xml (`<axisconfig>`): clustering, the transport receivers for services and the senders. Phases, message
 * builders and formatters, modules and deployers are the engine's own business and accepted.
 */
import { type ClusteringSurroundings, readClustering } from "./clustering.ts";
import { branch, elementTable, readChildren } from "./element-table.ts";
import type { ClusteringConfig, NodeConfig, ServiceListenerConfig } from "./node-config.ts";
import { defaultServiceListeners, RECEIVER_ROW } from "./service-listeners.ts";
import type { SettingReader } from "./setting-reader.ts";
import {
  SENDER_ROW,
  TRANSPORT_PARAMETERS,
  type TransportDraft,
  transportOf,
} from "./transport-settings.ts";
import { attributeOf, childrenNamed, textOf } from "./xml-query.ts";
import type { XmlElement } from "./xml.ts";

/** What axis2.xml says. */
export type Axis2Config = Pick<
  NodeConfig,
  "clustering" | "serviceListeners" | "transport" | "serverName"
>;

export interface Axis2Surroundings extends ClusteringSurroundings {
  readonly portOffset: number;
  /** The -D properties. */
  readonly properties: Readonly<Record<string, string>>;
}

interface Axis2Draft extends Axis2Surroundings, TransportDraft {
  readonly listeners: ServiceListenerConfig[];
  clustering?: ClusteringConfig | undefined;
}

/** axis2's own parameters (hotdeployment, enableMTOM and so on) are open-ended: all of them are accepted. */
const AXIS_CONFIG = elementTable<Axis2Draft>(
  {
    clustering: branch((element, draft, reader) => {
      draft.clustering = readClustering(element, draft, reader);
    }),
    transportReceiver: RECEIVER_ROW,
    transportSender: SENDER_ROW,
    ...TRANSPORT_PARAMETERS,
  },
  `
    listener messageReceivers messageFormatters messageBuilders module
    phaseOrder deployer targetResolvers threadContextMigrators hostConfiguration
    dispatchOrder defaultModuleVersions MessagePersistence
  `,
  "*",
);

/** Reads the root element of axis2.xml; undefined (no such file) means no clustering, http 8280 and https 8243. */
export function readAxis2(
  root: XmlElement | undefined,
  surroundings: Axis2Surroundings,
  reader: SettingReader,
): Axis2Config {
  if (!root) {
    const serviceListeners = defaultServiceListeners(reader.home, surroundings.portOffset);
    const transport = transportOf({ tls: {}, profiles: [] }, surroundings, reader);
    return { clustering: undefined, serviceListeners, transport };
  }
  const draft: Axis2Draft = { ...surroundings, listeners: [], tls: {}, profiles: [] };
  readChildren(root, AXIS_CONFIG, draft, reader);
  const serverName = readServerName(root);
  return {
    ...(serverName === undefined ? {} : { serverName }),
    clustering: draft.clustering,
    serviceListeners: draft.listeners,
    transport: transportOf(draft, surroundings, reader),
  };
}

/** `<parameter name="SynapseConfig.ServerName">`: what pinnedServers of artifacts are compared with. */
function readServerName(root: XmlElement): string | undefined {
  const parameter = childrenNamed(root, "parameter").find(
    (child) => attributeOf(child, "name") === "SynapseConfig.ServerName",
  );
  const text = parameter && textOf(parameter);
  return text === "" ? undefined : text;
}
