/**
 * The typed configuration of a server node (manager, worker, or both in one), read from WSO2's files by
 * `load-node-config.ts`: axis2.xml, carbon.xml, catalina-server.xml, master-datasources.xml, registry.xml.
 * Deeply readonly; whoever runs a node sees this and never an XML file. Ports have the offset applied.
 */

import type { SourcePlace } from "../errors/config-error.ts";

/** standalone: clustering is off, one node is manager and worker in one. */
export type NodeRole = "manager" | "worker" | "standalone";

export interface NodeConfig {
  /** Absolute path of the home folder. */
  readonly home: string;
  /** The name in logs and status: -DnodeName, else the home folder's base name. */
  readonly name: string;
  readonly role: NodeRole;
  /** axis2.xml parameter SynapseConfig.ServerName: the name in pinnedServers. Undefined: "localhost". */
  readonly serverName?: string;
  /** -Dsetup was given: make or migrate the manager's tables. */
  readonly setup: boolean;
  /** carbon.xml HostName: host of service addresses. Default: "localhost". */
  readonly hostName: string;
  /** carbon.xml MgtHostName: host of console addresses. Default: hostName. */
  readonly mgtHostName: string;
  /** carbon.xml Ports/Offset or -DportOffset: added to every service and management port. 0 to 50000. */
  readonly portOffset: number;
  /** carbon.xml Axis2Config/RepositoryLocation, absolute. Default: <home>/repository/deployment/server. */
  readonly repositoryLocation: string;
  /** carbon.xml Axis2Config/DeploymentUpdateInterval. Default: 15 s. */
  readonly deploymentUpdateIntervalMs: number;
  /**
   * carbon.xml ServerRoles/Role, or -DserverRoles with commas: which parts of carbon applications are for this server; regular
   * expressions are allowed. Undefined: the engine's own.
   */
  readonly serverRoles?: readonly string[];
  /** axis2.xml clustering; undefined when it is off. */
  readonly clustering: ClusteringConfig | undefined;
  /** axis2.xml transport receivers for services. A node without the receiver does not listen. */
  readonly serviceListeners: readonly ServiceListenerConfig[];
  /** axis2.xml: bounds of messages, and how the node calls out. Undefined: defaults. */
  readonly transport?: TransportConfig;
  /** catalina-server.xml connectors: management API and console. */
  readonly connectors: readonly ConnectorConfig[];
  readonly depsync: DepsyncConfig;
  readonly datasources: readonly DatasourceConfig[];
  readonly registry: RegistryConfig;
  /** The -D properties of the command line; `${name}` in the files stands for them. */
  readonly properties: Readonly<Record<string, string>>;
}

export interface ClusteringConfig {
  /** "hazelcast" only where `<parameter name="provider">hazelcast</parameter>` says so. */
  readonly provider: "embedded" | "hazelcast";
  /** The cluster's name; nodes of different domains never see each other. */
  readonly domain: string;
  /** Advertised address. */
  readonly localMemberHost: string;
  /** Not shifted by the port offset; moves on to the next free port when it is taken. */
  readonly localMemberPort: number;
  /** The well-known members; a range in the last octet is already expanded. */
  readonly members: readonly { readonly host: string; readonly port: number }[];
  /** Settings of the Hazelcast provider; absent where it is not used. */
  readonly hazelcast?: HazelcastConfig;
  /** Settings of the embedded membership. Absent: its defaults. */
  readonly swim?: SwimConfig;
  /** groupPassword: the secret that keys membership traffic; undefined: keyed by the domain alone. */
  readonly groupPassword: string | undefined;
  /** When the node opens its service ports. Absent: at once. */
  readonly stability?: StabilityConfig;
  /** Under which names the node is reached. Absent: none is configured. */
  readonly hostNames?: HostNamesConfig;
  /** The subDomain property: "worker", "mgt" or another word. */
  readonly subDomain: string;
  /** The other member properties, `${hostName}` and the like replaced. */
  readonly properties: Readonly<Record<string, string>>;
}

export interface HazelcastConfig {
  /** hazelcastMembers, ranges expanded; empty: the well-known members are Hazelcast members. */
  readonly members: readonly { readonly host: string; readonly port: number }[];
  /** hazelcastCommand: starts a Hazelcast member beside the node; `{config}` in it stands for its XML file. */
  readonly command: string | undefined;
}

/** When a node opens its service ports: happn's settings of the same names. */
export interface StabilityConfig {
  /** How many other members must be there first. Default: 0, it waits for nobody. */
  readonly minimumPeers: number;
  /** After so long the ports open all the same, or the node ends (`strict`). 0: it waits for ever. Default: 2 min. */
  readonly stabiliseTimeoutMs: number;
  /** How often the log says what the node waits for. Default: 5 s. */
  readonly stableReportIntervalMs: number;
  /** stabiliseStrict: at the time-out the node ends instead of serving. Default: false. */
  readonly strict: boolean;
}

/** The names that are configured; Axon Server's settings. What is absent has its default in cluster/host-names.ts. */
export interface HostNamesConfig {
  readonly hostname?: string | undefined;
  /** Parameter hostname-domain. */
  readonly domain?: string | undefined;
  readonly internalHostname?: string | undefined;
  readonly internalDomain?: string | undefined;
}

/** What axis2.xml sets of the embedded membership; absent: its default. */
export interface SwimConfig {
  readonly timing: {
    readonly pingIntervalMs?: number;
    readonly pingTimeoutMs?: number;
    readonly pingReqTimeoutMs?: number;
    readonly pingReqGroupSize?: number;
    readonly disseminationFactor?: number;
    readonly maxDgramBytes?: number;
    readonly joinTimeoutMs?: number;
  };
  /** A taken localMemberPort ends the start instead of moving on. Default: false. */
  readonly isPortStrict?: boolean;
  /** Does not wait for the others at the start. Default: false. */
  readonly isSeed?: boolean;
  /** Others than the seed wait so long before they take part. Default: 0. */
  readonly seedWaitMs?: number;
}

export interface ServiceListenerConfig {
  readonly scheme: "http" | "https";
  /** bind-address parameter. Default: "0.0.0.0" as in WSO2. */
  readonly bindAddress: string;
  readonly port: number;
  /** "http://esb.wso2.com:80": replaces scheme, host and port of service addresses in WSDLs. */
  readonly wsdlEprPrefix: string | undefined;
  /** Present exactly when scheme is https. */
  readonly tls: TlsFiles | undefined;
}

export interface TransportConfig {
  /** Messages in progress on all service ports; beyond it clients get 503. Undefined: 5000. */
  readonly messagesInFlightMax: number | undefined;
  /** Largest body that a mediator looks into. Undefined: 10 MB. */
  readonly messageBytesMax: number | undefined;
  /** `nonProxyHosts`: "localhost|*.example.com" are called directly. */
  readonly proxy:
    { readonly host: string; readonly port: number; readonly nonProxyHosts: string } | undefined;
  /** Of calls to servers without a profile. */
  readonly tls: OutgoingTlsFiles;
  /** false: a server's certificate may name another host. */
  readonly checksHostNames: boolean;
  readonly tlsProfiles: readonly {
    /** "host:port". */
    readonly servers: readonly string[];
    readonly files: OutgoingTlsFiles;
  }[];
}

/** Absolute paths of PEM files. */
export interface OutgoingTlsFiles {
  /** Authorities instead of the public ones. */
  readonly trustedCertificateFile?: string | undefined;
  /** The node's own certificate and key, for servers that ask for one. */
  readonly certificateFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

export interface ConnectorConfig {
  readonly scheme: "http" | "https";
  readonly bindAddress: string;
  readonly port: number;
  /** The port that users see (the gateway's): redirects and links carry it. Undefined: `port`. */
  readonly proxyPort: number | undefined;
  readonly proxyName: string | undefined;
  readonly tls: TlsFiles | undefined;
}

/**
 * PEM files (certificate chain and key), or one PKCS#12 file with its password. `place` is where a
 * configuration file names them; undefined: none does, they are the default files of the home.
 */
export type TlsFiles = { readonly place: SourcePlace | undefined } & (
  | { readonly kind: "pem"; readonly certificateFile: string; readonly keyFile: string }
  | { readonly kind: "pkcs12"; readonly file: string; readonly password: string }
);

export interface DepsyncConfig {
  /** false: the node deploys what lies in repositoryLocation and synchronizes with nobody. */
  readonly enabled: boolean;
  /** Whether a manager takes files that are saved into repositoryLocation; false on workers, always. */
  readonly autoCommit: boolean;
  /** Whether a worker follows `live`. */
  readonly autoCheckout: boolean;
  /** own: the manager's own bare repository; remote: GitBaseUrl. */
  readonly repository: { readonly kind: "own" } | { readonly kind: "remote"; readonly url: string };
  readonly gitUserName: string | undefined;
  /** Never logged. */
  readonly gitPassword: string | undefined;
  /** AutoSyncPeriod: between two looks of the manager at a remote `main`, where others push. Default: 60 s. */
  readonly autoSyncPeriodMs: number;
  /** MandatoryRepositoryUpdateInterval: upper bound between two looks at the repository. Default: 900 s. */
  readonly mandatoryUpdateIntervalMs: number;
  /** StageTimeout: how long workers may take to make a candidate ready. Default: 30 s. */
  readonly stageTimeoutMs: number;
  /** DrainTime: how long sessions keep a node that drains, where nobody says otherwise. Default: 600 s; 0: they do not. */
  readonly drainTimeMs: number;
  /** HealthWindow: how long faults after a deploy may take it back. Default: 30 s; 0: they never do. */
  readonly healthWindowMs: number;
}

export interface DatasourceConfig {
  /** datasource/name, for example WSO2_CARBON_DB. */
  readonly name: string;
  /** jndiConfig/name, for example jdbc/WSO2CarbonDB. */
  readonly jndiName: string | undefined;
  readonly database:
    | { readonly kind: "sqlite"; readonly file: string }
    | {
        readonly kind: "mysql" | "postgresql";
        readonly host: string;
        readonly port: number;
        readonly database: string;
        readonly username: string;
        readonly password: string;
      };
}

export interface RegistryConfig {
  readonly readOnly: boolean;
  /** The datasource (jndiName) that currentDBConfig names; undefined when registry.xml is absent. */
  readonly datasource: string | undefined;
  readonly mounts: readonly {
    readonly path: string;
    readonly targetPath: string;
    readonly instanceId: string;
    readonly overwrite: string;
  }[];
}
