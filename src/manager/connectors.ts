/**
 * Opens the ports of catalina-server.xml: https connectors carry the management API and the console, http connectors
 * lead there. Bounds on time and connections hold for each, so that slow or idle clients cannot keep others out.
 */
import type { RequestListener, Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ConnectorConfig, NodeConfig } from "../config/node-config.ts";
import { AppError, messageOf, systemCodeOf } from "../errors/app-error.ts";
import type { Clock } from "../runtime/clock.ts";
import type { LiveIdentity } from "../net/tls/live-identity.ts";
import type { Closable } from "../runtime/lifecycle.ts";
import { buildManagementApp } from "./api/app.ts";
import { isUpgrade } from "./api/upgrades.ts";
import type { ManagementApp, ManagementServices } from "./api/management-services.ts";
import { buildRedirectApp } from "./api/redirect-app.ts";
import { joinAddress } from "./node-view.ts";
import { publicOrigin } from "./public-address.ts";

/** From the first byte of a request to its last. */
const REQUEST_MS_MAX = 60_000;
const HEADERS_MS_MAX = 15_000;
const KEEP_ALIVE_MS = 75_000;
const CONNECTIONS_MAX = 1_000;
/** How long requests in flight may go on when the manager stops. */
const DRAIN_MS = 2_000;

export interface ConnectorsOptions {
  readonly config: NodeConfig;
  readonly identity: LiveIdentity;
  readonly clock: Clock;
  readonly services: ManagementServices;
}

export interface Connectors extends Closable {
  /** URLs without a path, https first; a wildcard is shown as an address that can be reached. */
  readonly addresses: readonly string[];
  /** Ports that are bound. */
  readonly ports: { readonly http?: number; readonly https?: number };
}

type AnyApp = ManagementApp | FastifyInstance;

type Locate = (request: FastifyRequest, path: string) => string;

/** @throws AppError PORT_BUSY when a port is taken; ports opened before it are closed again. CONFIG_INVALID without an https connector. */
export async function openConnectors(options: ConnectorsOptions): Promise<Connectors> {
  const { config } = options;
  const https = config.connectors.filter(({ scheme }) => scheme === "https");
  const http = config.connectors.filter(({ scheme }) => scheme === "http");
  const main = https[0];
  if (!main)
    throw new AppError(
      "CONFIG_INVALID",
      "catalina-server.xml of the manager needs an https <Connector>",
      {
        side: "config",
      },
    );
  const apps: AnyApp[] = [];
  const addresses: string[] = [];
  const ports: { http?: number; https?: number } = {};
  try {
    for (const connector of [...https, ...http]) {
      const isHttps = connector.scheme === "https";
      // An http connector names the https port that was bound, which differs from the file's where that is 0.
      const target = isHttps ? connector : { ...main, port: ports.https ?? main.port };
      const locate = locateBy(target, config, isHttps);
      const app = isHttps ? await buildHttpsApp(options, locate) : buildRedirectApp(locate);
      apps.push(app);
      const port = await listen(app, connector);
      ports[connector.scheme] ??= port;
      addresses.push(
        `${connector.scheme}://${joinAddress(reachableHost(connector, config), port)}`,
      );
    }
  } catch (error) {
    await closeAll(apps, options.clock);
    throw error;
  }
  return { addresses, ports, close: () => closeAll(apps, options.clock) };
}

/** Relative where the user is on the right connector already and no proxy stands before it. */
function locateBy(connector: ConnectorConfig, config: NodeConfig, isSame: boolean): Locate {
  const isBehindProxy = connector.proxyPort !== undefined || connector.proxyName !== undefined;
  if (isSame && !isBehindProxy) return (_request, path) => path;
  return (request, path) => publicOrigin(connector, config, request.headers.host) + path;
}

async function buildHttpsApp(
  { services, identity }: ConnectorsOptions,
  locate: Locate,
): Promise<ManagementApp> {
  const makeServer = (handler: RequestListener): Server => {
    try {
      const upgrades = { shouldUpgradeCallback: isUpgrade };
      const options = { ...identity.serverOptions, ...upgrades, minVersion: "TLSv1.2" } as const;
      const server = createHttpsServer(options, handler);
      identity.attach(server);
      return server;
    } catch (cause) {
      const message = `the manager's certificate or key cannot be used: ${messageOf(cause)}`;
      throw new AppError("TLS_MATERIAL", message, { side: "config", cause });
    }
  };
  return (await buildManagementApp({ services, locate, makeServer })).app;
}

async function listen(app: AnyApp, { bindAddress, port }: ConnectorConfig): Promise<number> {
  const { server } = app;
  server.requestTimeout = REQUEST_MS_MAX;
  server.headersTimeout = HEADERS_MS_MAX;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.maxConnections = CONNECTIONS_MAX;
  try {
    await app.listen({ host: bindAddress, port });
  } catch (cause) {
    if (systemCodeOf(cause) !== "EADDRINUSE") throw cause;
    const message = `port ${port} on ${bindAddress} is taken by another process; stop it, or change the port in catalina-server.xml or <Offset> in carbon.xml`;
    throw new AppError("PORT_BUSY", message, { side: "config", cause });
  }
  const address = server.address();
  return typeof address === "object" && address ? address.port : port;
}

function reachableHost({ bindAddress }: ConnectorConfig, { clustering }: NodeConfig): string {
  const isWildcard = bindAddress === "0.0.0.0" || bindAddress === "::";
  return isWildcard ? (clustering?.localMemberHost ?? "127.0.0.1") : bindAddress;
}

async function closeAll(apps: readonly AnyApp[], clock: Clock): Promise<void> {
  const late = clock.after(DRAIN_MS, () => {
    for (const { server } of apps) server.closeAllConnections();
  });
  await Promise.all(apps.map((app) => app.close()));
  late.cancel();
}
