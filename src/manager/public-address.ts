/**
 * Which address users see: catalina-server.xml's proxyPort and proxyName say that the console is reached through
 * the gateway, so redirects and links carry the gateway's port (Tomcat's meaning of the two attributes) and the
 * management host name. Without them the address is the one that the user came by.
 */
import type { ConnectorConfig, NodeConfig } from "../config/node-config.ts";

const HTTPS_PORT = 443;

/** "https://host[:port]" for a redirect; `hostHeader` is the request's own. */
export function publicOrigin(
  connector: ConnectorConfig,
  config: Pick<NodeConfig, "mgtHostName">,
  hostHeader: string | undefined,
): string {
  const { proxyPort, proxyName, port } = connector;
  const isBehindProxy = proxyPort !== undefined || proxyName !== undefined;
  const own = isBehindProxy ? undefined : hostNameOf(hostHeader);
  return originOf(proxyName ?? own ?? config.mgtHostName, proxyPort ?? port);
}

/**
 * Whether an Origin (RFC 6454) is that of pages of this manager: the address that the request came by, or the one that the
 * gateway shows.
 */
export function isOwnOrigin(
  origin: string,
  config: Pick<NodeConfig, "mgtHostName" | "connectors">,
  hostHeader: string | undefined,
): boolean {
  const shown = config.connectors
    .filter(({ scheme, proxyName, proxyPort }) => scheme === "https" && (proxyName ?? proxyPort))
    .map((connector) => publicOrigin(connector, config, hostHeader));
  const came = hostHeader === undefined ? [] : [`https://${hostHeader}`];
  const own = [...came, ...shown].map(normalized);
  return own.some((one) => one !== undefined && one === normalized(origin));
}

/** Lower case and without the port that the scheme implies; undefined when it is no origin. */
function normalized(origin: string): string | undefined {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  return url?.protocol === "https:" && url.pathname === "/" ? url.origin : undefined;
}

function originOf(host: string, port: number): string {
  return port === HTTPS_PORT ? `https://${host}` : `https://${host}:${port}`;
}

/** The host of a Host header (RFC 9112, 3.2) without its port; undefined when it is none. */
function hostNameOf(hostHeader: string | undefined): string | undefined {
  return /^(?<host>[\w.-]+|\[[\da-fA-F:.]+\])(?::\d+)?$/.exec(hostHeader ?? "")?.groups?.["host"];
}
