/**
 * The settings of hazelcast-client under which it survived every fault of the measurements: retries for ever, waits for
 * the cluster (reconnectMode ON: ASYNC burns a core together with a topic listener), and notices a dead member in seconds.
 */
import {
  type ClientConfig,
  type ILogger,
  type LifecycleState,
  type MembershipListener,
  ReconnectMode,
} from "hazelcast-client";
import { type Address, formatAddress } from "../member-address.ts";

export interface ClientSettings {
  /** The name of the Hazelcast cluster: WSO2's domain. */
  readonly clusterName: string;
  readonly addresses: readonly Address[];
  /** Shown in Hazelcast's management tools. */
  readonly clientName: string;
  readonly logger: ILogger;
  readonly onLifecycle: (state: LifecycleState) => void;
  readonly membershipListener: MembershipListener;
}

/** Keys with the value undefined would be refused by the client: there are none here. */
export function clientConfig(settings: ClientSettings): ClientConfig {
  return {
    clusterName: settings.clusterName,
    instanceName: settings.clientName,
    customLogger: settings.logger,
    network: {
      clusterMembers: settings.addresses.map(formatAddress),
      // Addresses are tried one after the other: a host that is off must not hold up the rest for long.
      connectionTimeout: 1000,
      redoOperation: true,
    },
    connectionStrategy: {
      asyncStart: true,
      reconnectMode: ReconnectMode.ON,
      connectionRetry: {
        clusterConnectTimeoutMillis: -1,
        initialBackoffMillis: 200,
        maxBackoffMillis: 2000,
        multiplier: 1.5,
        jitter: 0.2,
      },
    },
    lifecycleListeners: [settings.onLifecycle],
    membershipListeners: [settings.membershipListener],
    properties: {
      "hazelcast.client.statistics.enabled": false,
      "hazelcast.client.heartbeat.interval": 1000,
      "hazelcast.client.heartbeat.timeout": 5000,
      "hazelcast.client.operation.backup.timeout.millis": 500,
      "hazelcast.client.invocation.timeout.millis": 5000,
    },
  };
}
