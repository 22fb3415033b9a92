/**
 * axis2/axis2.xml (`<axisconfig>`): clustering and the transport receivers for services. Phases, message
 * builders and formatters, senders, modules and deployers are the engine's own business and accepted.
 */
import { type ClusteringSurroundings, readClustering } from "./clustering.ts";
import { branch, elementTable, readChildren } from "./element-table.ts";
import type { ClusteringConfig, NodeConfig, ServiceListenerConfig } from "./node-config.ts";
import { defaultServiceListeners, RECEIVER_ROW } from "./service-listeners.ts";
import type { SettingReader } from "./setting-reader.ts";
import type { XmlElement } from "./xml.ts";

/** What axis2.xml says. */
export type Axis2Config = Pick<NodeConfig, "clustering" | "serviceListeners">;

export interface Axis2Surroundings extends ClusteringSurroundings {
  readonly portOffset: number;
}

interface Axis2Draft extends Axis2Surroundings {
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
  },
  `
    listener messageReceivers messageFormatters messageBuilders transportSender module
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
    return { clustering: undefined, serviceListeners };
  }
  const draft: Axis2Draft = { ...surroundings, listeners: [] };
  readChildren(root, AXIS_CONFIG, draft, reader);
  return { clustering: draft.clustering, serviceListeners: draft.listeners };
}
