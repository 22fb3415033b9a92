/**
 * Puts the management API together: fastify with the checks that hold for every route (login, limits, headers,
 * errors), the resources, the OpenAPI document and the console's pages. One app for each https connector, all on
 * the same services; no port is opened here.
 */
import type { Server } from "node:http";
import cookie from "@fastify/cookie";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import fastify, { type FastifyRequest, type FastifyServerFactoryHandler } from "fastify";
import { addAccessControl } from "./access.ts";
import { addErrorAnswers } from "./api-errors.ts";
import { addConsolePages } from "./console-pages.ts";
import type { ManagementApp, ManagementServices } from "./management-services.ts";
import { addOpenApi, type DescribedRoute } from "./openapi.ts";
import { RESOURCE_KEY_LENGTH_MAX } from "../registry-key.ts";
import { RESOURCES } from "./resources.ts";
import { addSecurityHeaders } from "./security-headers.ts";
import { addUpgrades } from "./upgrades.ts";

/** Largest body of routes that say nothing else, in bytes. */
const BODY_BYTES_MAX = 64 * 1024;
/** Longest value of a route parameter, in characters as they stand in the URL, where one may take nine (%E2%82%AC). */
const PARAMETER_LENGTH_MAX = 9 * RESOURCE_KEY_LENGTH_MAX;

export interface ManagementAppOptions {
  readonly services: ManagementServices;
  /** Makes the Location of a redirect to a path of this server. */
  readonly locate: (request: FastifyRequest, path: string) => string;
  /** The server that carries the app; undefined: fastify's own, for tests by injection. */
  readonly makeServer?: (handler: FastifyServerFactoryHandler) => Server;
}

export interface BuiltApp {
  readonly app: ManagementApp;
  readonly routes: readonly DescribedRoute[];
}

/** Resolves when the app can take requests. */
export async function buildManagementApp(options: ManagementAppOptions): Promise<BuiltApp> {
  const { services, locate, makeServer } = options;
  const app: ManagementApp = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    exposeHeadRoutes: false,
    forceCloseConnections: "idle",
    routerOptions: { maxParamLength: PARAMETER_LENGTH_MAX },
    trustProxy: (address) => services.isGateway(withoutMapping(address)),
    ajv: { customOptions: { removeAdditional: false } },
    ...(makeServer && { serverFactory: makeServer }),
  }).withTypeProvider<TypeBoxTypeProvider>();
  await app.register(cookie);
  // Nothing takes plain text: it is answered 415 like every other type that no route knows.
  app.removeContentTypeParser("text/plain");
  addSecurityHeaders(app);
  addErrorAnswers(app, services.log);
  addAccessControl(app, services);
  addUpgrades(app);
  const routes = addOpenApi(app);
  for (const addResource of RESOURCES) addResource(app, services);
  addConsolePages(app, locate);
  await app.ready();
  return { app, routes };
}

/** An IPv4 address that came over an IPv6 socket, without its "::ffff:". */
function withoutMapping(address: string): string {
  return address.startsWith("::ffff:") ? address.slice("::ffff:".length) : address;
}
