/**
 * The home folder of a manager, worker or stand-alone node: which templates make it and what their tokens
 * stand for. Commands that make homes call `writeServerHome`; `load-node-config.ts` reads what it wrote.
 */
import { join } from "node:path";
import { writeHomeFiles } from "./home-files.ts";
import type { NodeRole } from "./node-config.ts";
import { encodeEntities } from "./xml-entities.ts";

/** The templates of a server in the package's conf folder; the others there are not a server's. */
const SERVER_TEMPLATES = ["axis2", "tomcat", "datasources", "carbon.xml", "registry.xml"] as const;

interface PortPair {
  readonly http: number;
  readonly https: number;
}

/** What makes the home of one node different from that of another. */
export interface ServerHome {
  /** standalone: clustering is off, and the cluster's fields below are only written for later. */
  readonly role: NodeRole;
  /** Host of service addresses, the gateway's where there is one. */
  readonly hostName: string;
  /** Host of console addresses. */
  readonly mgtHostName: string;
  /** Where services and management listen: "0.0.0.0", or one address. */
  readonly bindAddress: string;
  /** Added to service and management ports. */
  readonly portOffset: number;
  /** Management ports before the offset: 9763 and 9443 unless there is a reason. */
  readonly managementPorts: PortPair;
  /** The gateway's ports, in links and service addresses; undefined: no gateway, the node's own are used. */
  readonly gatewayPorts: PortPair | undefined;
  readonly domain: string;
  /** localMemberHost and localMemberPort. */
  readonly clusterHost: string;
  readonly clusterPort: number;
  /** The well-known members. */
  readonly members: readonly { readonly host: string; readonly port: number }[];
  /** The file that holds the cluster's secret; relative paths start at the home folder. */
  readonly groupPasswordFile: string;
}

/** The values of the tokens in the server templates. */
export function serverHomeTokens(home: ServerHome): Readonly<Record<string, string>> {
  const { gatewayPorts: gateway, managementPorts } = home;
  return {
    autoCommit: String(home.role !== "worker"),
    bindAddress: home.bindAddress,
    clusteringEnabled: String(home.role !== "standalone"),
    domain: home.domain,
    groupPasswordFile: home.groupPasswordFile,
    hostName: home.hostName,
    localMemberHost: home.clusterHost,
    localMemberPort: String(home.clusterPort),
    managementHttpPort: String(managementPorts.http),
    managementHttpsPort: String(managementPorts.https),
    members: home.members.map(memberMarkup).join("\n      "),
    mgtHostName: home.mgtHostName,
    portOffset: String(home.portOffset),
    proxyHttpPort: gateway ? String(gateway.http) : "",
    proxyHttpsPort: gateway ? String(gateway.https) : "",
    subDomain: home.role === "worker" ? "worker" : "mgt",
    wsdlEprPrefixHttp: gateway ? `http://${home.hostName}:${gateway.http}` : "",
    wsdlEprPrefixHttps: gateway ? `https://${home.hostName}:${gateway.https}` : "",
  };
}

/**
 * Writes the configuration of a node into `<homeFolder>/conf`; what exists there stays.
 * @param templateFolder the package's conf folder.
 * @returns the files written.
 * @throws AppError as `writeHomeFiles`.
 */
export function writeServerHome(
  templateFolder: string,
  homeFolder: string,
  home: ServerHome,
): readonly string[] {
  const tokens = serverHomeTokens(home);
  return SERVER_TEMPLATES.flatMap((name) =>
    writeHomeFiles(join(templateFolder, name), join(homeFolder, "conf", name), tokens),
  );
}

function memberMarkup(member: ServerHome["members"][number]): string {
  const host = encodeEntities(member.host);
  return `<member><hostName>${host}</hostName><port>${member.port}</port></member>`;
}
