/**
 * The node configuration from WSO2's files: finds the five files of a home, reads each with its own reader
 * and joins them with the -D properties of the command line into one NodeConfig. Commands that start a
 * node call it once; problems of all files are collected and reported together.
 */
import { type ConfigProblem, ConfigProblems } from "../errors/config-error.ts";
import { readAxis2 } from "./axis2.ts";
import { readCarbon, rolesOf } from "./carbon.ts";
import { readCatalina } from "./catalina.ts";
import { readConfigFile, resolveHome } from "./config-files.ts";
import { readDatasources } from "./datasources.ts";
import { firstLocalAddress } from "./local-address.ts";
import type { ClusteringConfig, ConnectorConfig, NodeConfig, NodeRole } from "./node-config.ts";
import { readNodeProperties } from "./node-properties.ts";
import { readRegistry } from "./registry.ts";
import { SettingReader } from "./setting-reader.ts";

export interface NodeConfigOptions {
  /** The home folder; relative paths start at the process's folder. */
  readonly home: string;
  /** The -D properties; `-Dname` without a value is "" or "true". */
  readonly properties: Readonly<Record<string, string>>;
  /** For `${NAME}` and `env:NAME`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** localMemberHost when axis2.xml gives none. Default: the first IPv4 address that is not internal. */
  readonly localAddress?: () => string;
}

export interface LoadedNodeConfig {
  readonly config: NodeConfig;
  /** What was ignored or replaced, with file and line. */
  readonly warnings: readonly ConfigProblem[];
  /** Whole sentences for the log at info level. */
  readonly notices: readonly string[];
}

/**
 * Reads and checks the whole configuration of a node.
 * @throws AppError HOME_INVALID when the home is no folder or has no configuration folder.
 * @throws ConfigError CONFIG_INVALID with every error of every file.
 */
export function loadNodeConfig(options: NodeConfigOptions): LoadedNodeConfig {
  const home = resolveHome(options.home);
  const problems = new ConfigProblems();
  const reader = new SettingReader({ ...options, home }, problems);
  const notices: string[] = [];
  const config = readConfig(options, reader, notices);
  problems.throwIfErrors();
  if (config.role === "worker" && !config.clustering)
    notices.push(
      `clustering is off: this worker deploys what lies in ${config.repositoryLocation} and hears of no deploy`,
    );
  return { config, warnings: problems.warnings, notices };
}

function readConfig(
  options: NodeConfigOptions,
  reader: SettingReader,
  notices: string[],
): NodeConfig {
  const { home } = reader;
  const open = (path: string, root: string) =>
    readConfigFile({ home, path, root }, reader.problems);
  const given = readNodeProperties(options.properties, reader);
  const { isWorker } = given;
  const carbon = readCarbon(open("carbon.xml", "Server"), reader, isWorker);
  const serverRoles = rolesOf(options.properties["serverRoles"]);
  const portOffset = given.portOffset ?? carbon.portOffset;
  const connectors = readCatalina(open("tomcat/catalina-server.xml", "Server"), reader, portOffset);
  const localAddress = options.localAddress ?? firstLocalAddress;
  const managementPorts = managementPortsOf(connectors);
  const axis2 = readAxis2(
    open("axis2/axis2.xml", "axisconfig"),
    {
      isWorker,
      portOffset,
      localAddress,
      managementPorts,
      notices,
      properties: options.properties,
    },
    reader,
  );
  const datasources = readDatasources(
    open("datasources/master-datasources.xml", "datasources-configuration"),
    reader,
  );
  return {
    home,
    name: given.name,
    role: roleOf(isWorker, axis2.clustering),
    setup: given.setup,
    ...carbon,
    ...(serverRoles && { serverRoles }),
    portOffset,
    ...axis2,
    connectors,
    datasources,
    registry: readRegistry(open("registry.xml", "wso2registry"), reader, datasources),
    properties: options.properties,
  };
}

function roleOf(isWorker: boolean, clustering: ClusteringConfig | undefined): NodeRole {
  if (isWorker) return "worker";
  return clustering ? "manager" : "standalone";
}

function managementPortsOf(connectors: readonly ConnectorConfig[]) {
  const portOf = (scheme: ConnectorConfig["scheme"]): number | undefined =>
    connectors.find((connector) => connector.scheme === scheme)?.port;
  return { httpPort: portOf("http"), httpsPort: portOf("https") };
}
