/**
 * Who may use which route. Each route says what it asks for in its `config`; one that says nothing asks for an
 * admin. Runs before a body is read. Writes that are let in by the cookie need a header that another site's
 * page cannot send (OWASP: custom request header, fetch metadata).
 */
import type { FastifyRequest } from "fastify";
import { AppError } from "../../errors/app-error.ts";
import type { Identity } from "../auth/authenticator.ts";
import { type Credentials, readCredentials } from "../auth/credentials.ts";
import type { ManagementApp, ManagementServices } from "./management-services.ts";

/** public: everybody; user: whoever is logged in; admin: admins. */
export type RouteAccess = "public" | "user" | "admin";

export const SESSION_COOKIE = "bascule_session";

/** Sent by the console with its regular refreshes, which do not keep a session from idling out. */
const REFRESH_HEADER = "x-bascule-refresh";

declare module "fastify" {
  interface FastifyRequest {
    /** Null on public routes. */
    identity: Identity | null;
  }
  interface FastifyContextConfig {
    /** Default: "admin". */
    readonly access?: RouteAccess;
    /** One line for the OpenAPI document and docs/management-api.md. */
    readonly summary?: string;
  }
}

/** Sets `request.identity`, or answers 401, 403 or 429. */
export function addAccessControl(app: ManagementApp, { authenticator }: ManagementServices): void {
  app.decorateRequest("identity", null);
  app.addHook("onRequest", async (request) => {
    const { access = "admin" } = request.routeOptions.config;
    if (access === "public") return;
    const credentials = credentialsOf(request);
    const isUse = request.headers[REFRESH_HEADER] === undefined;
    const identity = await authenticator.authenticate(credentials, request.ip, isUse);
    if (identity.via === "session" && !isRead(request)) requireOwnPage(request);
    if (access === "admin" && !identity.isAdmin)
      throw new AppError("ACCESS_DENIED", `${identity.user} is no admin, and this needs one`, {
        side: "downstream",
      });
    request.identity = identity;
  });
}

/** What the request shows. */
export function credentialsOf(request: FastifyRequest): Credentials {
  return readCredentials(request.headers.authorization, request.cookies[SESSION_COOKIE]);
}

/** The sender of a request to a route that is not public. @throws AppError AUTH_FAILED. */
export function identityOf(request: FastifyRequest): Identity {
  if (request.identity) return request.identity;
  throw new AppError("AUTH_FAILED", "this needs a login", { side: "downstream" });
}

/**
 * For WebSockets, which any page may ask for and no other rule of browsers keeps apart (RFC 6455, section 10.2): the page
 * must be this manager's own. A client without pages sends no Origin, and then needs other credentials than a cookie.
 * @throws AppError ACCESS_DENIED.
 */
export function requireOwnOrigin(
  request: FastifyRequest,
  isOwnOrigin: (origin: string, host: string | undefined) => boolean,
): void {
  const { origin, host } = request.headers;
  if (origin === undefined && identityOf(request).via !== "session") return;
  if (origin !== undefined && isOwnOrigin(origin, host)) return;
  const message = "a WebSocket is opened from the manager's own pages only: the Origin is another";
  throw new AppError("ACCESS_DENIED", message, { side: "downstream" });
}

/** @throws AppError ACCESS_DENIED when the request may come from another site's page. */
export function requireOwnPage(request: FastifyRequest): void {
  const { headers } = request;
  if (headers["x-requested-with"] !== undefined) return;
  if (headers["sec-fetch-site"] === "same-origin") return;
  const message = "a change with the console's cookie needs the header X-Requested-With";
  throw new AppError("ACCESS_DENIED", message, { side: "downstream" });
}

function isRead(request: FastifyRequest): boolean {
  return request.method === "GET" || request.method === "HEAD";
}
