/**
 * What `proxy_pass` asks for: the host whose upstream is looked up, and the target of the request to the peer:
 * the client's as it came, or with its matched part replaced by the URI of `proxy_pass`
 * (ngx_http_proxy_create_request, ngx_http_proxy_eval).
 */
import { escapeChars, isControl } from "../../escape-chars.ts";
import { isUnixAddress } from "../listen-address.ts";
import type { ProxyPass } from "../modules/proxy.ts";
import type { RequestContext } from "../request-context.ts";
import { escapePath } from "../request-target.ts";

const UNIX_PREFIX_LENGTH = "unix:".length;

export interface ProxyTarget {
  /** Name of an upstream, or a host with an optional port. */
  readonly host: string;
  /** Path and query for the request line. */
  readonly path: string;
}

export function proxyTarget(context: RequestContext, pass: ProxyPass): ProxyTarget {
  const { target, location } = context;
  const uri = pass.uri?.evaluate(context);
  const isConstant = pass.host.isConstant && (pass.uri?.isConstant ?? true);
  if (!isConstant) return evaluatedTarget(pass.host.evaluate(context) + (uri ?? ""), target.raw);
  const { text: host } = pass.host;
  if (uri === undefined || !context.isLocationPathValid) return { host, path: target.raw };
  const matched = location.matcher?.path.length ?? 0;
  const query = target.query === "" ? "" : `?${target.query}`;
  return { host, path: `${uri}${escapePath(target.path.slice(matched))}${query}` };
}

/** With variables the value is the whole URL; without a URI in it the client's target is passed on. */
function evaluatedTarget(text: string, raw: string): ProxyTarget {
  if (isUnixAddress(text)) return unixTarget(text, raw);
  const end = text.search(/[/?]/);
  if (end === -1) return { host: text, path: raw };
  return { host: text.slice(0, end), path: pathOf(text.slice(end)) };
}

/** "unix:/path" and, behind a colon, the URI. */
function unixTarget(text: string, raw: string): ProxyTarget {
  const colon = text.indexOf(":", UNIX_PREFIX_LENGTH);
  if (colon === -1) return { host: text, path: raw };
  const uri = text.slice(colon + 1);
  return { host: text.slice(0, colon), path: uri === "" ? raw : pathOf(uri) };
}

function pathOf(uri: string): string {
  // A decoded `$uri` may hold a line break: it must not end the request line.
  const path = escapeChars(uri, "%", (code) => isControl(code) || code === 0x20);
  return path.startsWith("/") ? path : `/${path}`;
}
