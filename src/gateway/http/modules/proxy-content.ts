/** The content phase of locations with `proxy_pass`: finds the upstream and hands the request to the proxy. */
import type { Cycle } from "../../cycle.ts";
import { implicitName } from "../../upstream/compile-upstreams.ts";
import type { Upstream } from "../../upstream/upstream.ts";
import { isUnixAddress, splitHostPort } from "../listen-address.ts";
import { type Outcome, type Pending, whenAnswered } from "../phase.ts";
import type { ProxyEnd } from "../proxy/end-instead.ts";
import { proxyTarget } from "../proxy/proxy-path.ts";
import { ProxyRequest } from "../proxy/proxy-request.ts";
import type { RequestContext } from "../request-context.ts";
import { parseRequestTarget } from "../request-target.ts";
import { respondError } from "../responses.ts";
import { interceptsStatus } from "../special-response.ts";
import { upstreamByName } from "../proxy/upstream-by-name.ts";
import type { ProxyPass } from "./proxy.ts";

export const proxyEntry = {
  name: "proxy",
  run(context: RequestContext, cycle: Cycle): Outcome | Pending | Promise<Outcome> {
    const { pass } = context.location.settings.proxy;
    return pass ? forward(context, pass, cycle) : "next";
  },
};

function forward(
  context: RequestContext,
  pass: ProxyPass,
  cycle: Cycle,
): Pending | Promise<Outcome> {
  const { host, path } = proxyTarget(context, pass);
  context.proxyTarget = targetOf(pass, host);
  const upstream = findUpstream({ pass, host }, cycle);
  if (!upstream) return resolveAndForward(context, { pass, host, path }, cycle);
  return proxyTo(upstream, context, { pass, path }, cycle);
}

function proxyTo(
  upstream: Upstream,
  context: RequestContext,
  { pass, path }: { readonly pass: ProxyPass; readonly path: string },
  cycle: Cycle,
): Pending {
  const task = { pass, path, upstream, hasErrorPage: interceptsStatus, answer: answerProxyEnd };
  return new ProxyRequest(context, task, cycle.proxy).start();
}

/** The host is a name that only the request tells: the resolver of the location knows its addresses, or nobody. */
async function resolveAndForward(
  context: RequestContext,
  target: { readonly pass: ProxyPass; readonly host: string; readonly path: string },
  cycle: Cycle,
): Promise<Outcome> {
  const found = await upstreamByName(context, implicitName(target.pass, target.host), cycle);
  if (context.exchange.aborted) {
    context.statusWithoutResponse = 499;
    return "done";
  }
  if (typeof found === "object") await whenAnswered(proxyTo(found, context, target, cycle));
  else {
    context.logError("error", found);
    await respondError(context, 502);
  }
  return "done";
}

/** What the peers left to the gateway to answer. */
async function answerProxyEnd(context: RequestContext, end: ProxyEnd): Promise<void> {
  if (end.kind === "answered") return;
  if (end.kind === "error") {
    if (end.fields.length > 0) context.keepFields(end.fields);
    return respondError(context, end.status);
  }
  context.keepFields(end.fields);
  if (end.uri.startsWith("@")) {
    if (!context.enterNamedLocation(end.uri)) return respondError(context, 500);
    return context.runPhases("rewrite");
  }
  // X-Accel-Redirect: the request starts again with another URI, as GET, on the same server.
  const target = end.uri.startsWith("/") ? parseRequestTarget(end.uri) : undefined;
  if (!target) return respondError(context, 404);
  if (context.method !== "HEAD") context.method = "GET";
  if (!context.redirectInside(target.path, target.query)) return respondError(context, 500);
  return context.runPhases("server rewrite");
}

const targets = new WeakMap<ProxyPass, NonNullable<RequestContext["proxyTarget"]>>();

/** $proxy_host and $proxy_port; the same for every request where the host holds no variable. */
function targetOf(pass: ProxyPass, text: string): RequestContext["proxyTarget"] {
  const known = targets.get(pass);
  if (known?.host === text) return known;
  const target = readTarget(pass, text);
  if (pass.host.isConstant && target) targets.set(pass, target);
  return target;
}

function readTarget({ scheme }: ProxyPass, text: string): RequestContext["proxyTarget"] {
  if (isUnixAddress(text)) return { host: "localhost", port: "" };
  const defaultPort = scheme === "https" ? "443" : "80";
  return { host: text, port: splitHostPort(text)?.port ?? defaultPort };
}

/** The upstream that `proxy_pass` names; `host`: with variables evaluated. */
function findUpstream(
  { pass, host: text }: { readonly pass: ProxyPass; readonly host: string },
  cycle: Cycle,
): Upstream | undefined {
  const named = cycle.upstreams.get(text.toLowerCase());
  if (named) return named;
  const name = implicitName(pass, text);
  return cycle.upstreams.get(name) ?? cycle.addressUpstreams.find(name);
}
