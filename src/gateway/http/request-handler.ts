/**
 * One request through the phases: target, server, `return`, location, limits, content, log. Called by the
 * listeners for every exchange; never rejects, whatever a client or a peer does.
 */
import { messageOf } from "../../errors/app-error.ts";
import type { Cycle } from "../cycle.ts";
import type { AddressConfig, ServerConfig } from "../gateway-config.ts";
import { implicitName } from "../upstream/compile-upstreams.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { writeAccessLog } from "./access-log-lines.ts";
import type { Exchange } from "./exchange.ts";
import { fieldValue } from "./header-fields.ts";
import { splitHostPort } from "./listen-address.ts";
import type { ProxyPass } from "./modules/proxy.ts";
import { isRedirect, type ReturnRule } from "./modules/return.ts";
import { proxyRequest } from "./proxy/proxy-handler.ts";
import { proxyTarget } from "./proxy/proxy-path.ts";
import { RequestContext } from "./request-context.ts";
import { refusalOf } from "./request-refusal.ts";
import { parseRequestTarget, type RequestTarget } from "./request-target.ts";
import { respond, respondError, respondRedirect, respondText } from "./responses.ts";
import type { ServerMatch } from "./server-names.ts";

const NO_TARGET: RequestTarget = { path: "/", query: "", raw: "/", host: undefined };

/** Resolves when the response is over and logged. */
export async function handleRequest(
  exchange: Exchange,
  address: AddressConfig,
  cycle: Cycle,
): Promise<void> {
  const target = parseRequestTarget(exchange.head.target);
  const { server, captures } = chooseServer(exchange, address, target);
  const context = new RequestContext({
    exchange,
    target: target ?? NO_TARGET,
    server,
    serverCaptures: captures,
    clock: cycle.clock,
    errorLogOf: (location) => cycle.errorLogOf(location),
  });
  try {
    const refusal = refusalOf(exchange.head, target);
    if (refusal === undefined) await route(context, cycle);
    else await respondError(context, refusal);
  } catch (error) {
    context.logError("crit", `request failed: ${messageOf(error)}`);
    if (!exchange.responded) await respondError(context, 500).catch(() => exchange.drop());
  }
  if (exchange.aborted && !exchange.responded) context.statusWithoutResponse = 499;
  writeAccessLog(context, cycle.config.logFormats, cycle.logs);
}

function chooseServer(
  exchange: Exchange,
  address: AddressConfig,
  target: RequestTarget | undefined,
): ServerMatch<ServerConfig> {
  const host = target?.host ?? fieldValue(exchange.head.fields, "host");
  const name = (splitHostPort(host)?.host ?? "").toLowerCase().replace(/\.$/, "");
  return address.names.find(name) ?? { server: address.defaultServer, captures: undefined };
}

async function route(context: RequestContext, cycle: Cycle): Promise<void> {
  const { method } = context.exchange.head;
  if (method === "TRACE") return respondError(context, 405);
  const { rule } = context.server.location.settings.return;
  if (rule) return respondReturn(context, rule);
  const match = context.server.locations.find(context.target.path);
  if (match.kind === "redirect") {
    const query = context.target.query === "" ? "" : `?${context.target.query}`;
    return respondRedirect(context, 301, `${match.path}${query}`);
  }
  if (match.kind === "location") {
    context.location = match.location;
    context.captures = match.captures ?? context.captures;
  }
  return respondFromLocation(context, cycle);
}

async function respondFromLocation(context: RequestContext, cycle: Cycle): Promise<void> {
  const { settings } = context.location;
  if (context.location.matcher && settings.return.rule) {
    return respondReturn(context, settings.return.rule);
  }
  const length = Number(fieldValue(context.exchange.head.fields, "content-length"));
  const { bodyBytesMax } = settings.core;
  if (bodyBytesMax > 0 && length > bodyBytesMax) {
    context.logError("error", `client intended to send too large body: ${length} bytes`);
    return respondError(context, 413);
  }
  const { pass } = settings.proxy;
  if (!pass) return respondError(context, 404);
  const { host, path } = proxyTarget(context, pass);
  const upstream = findUpstream(context, { pass, host }, cycle);
  if (!upstream) return respondError(context, 502);
  return proxyRequest(context, { pass, path, upstream }, cycle);
}

/** The upstream that `proxy_pass` names; `host`: with variables evaluated. */
function findUpstream(
  context: RequestContext,
  { pass, host: text }: { readonly pass: ProxyPass; readonly host: string },
  cycle: Cycle,
): Upstream | undefined {
  const split = splitHostPort(text);
  const defaultPort = pass.scheme === "https" ? "443" : "80";
  context.proxyTarget = { host: text, port: split?.port ?? defaultPort };
  const upstream =
    cycle.upstreams.get(text.toLowerCase()) ?? cycle.upstreams.get(implicitName(pass, text));
  if (!upstream) context.logError("error", `no upstream is defined for "${text}"`);
  return upstream;
}

async function respondReturn(context: RequestContext, rule: ReturnRule): Promise<void> {
  const { status, value } = rule;
  if (status === 444) {
    context.statusWithoutResponse = 444;
    context.exchange.drop();
    return;
  }
  if (!value) return status === 204 ? respondEmpty(context) : respondError(context, status);
  const text = value.evaluate(context);
  if (isRedirect(rule)) return respondRedirect(context, status, text);
  const { defaultType } = context.location.settings.core;
  return respondText(context, status, { type: defaultType, body: Buffer.from(text, "latin1") });
}

async function respondEmpty(context: RequestContext): Promise<void> {
  await respond(context, { status: 204, reason: "No Content", fields: [] }, undefined);
}
