/** The target that the peer is asked for: the client's as it came, or with its matched part replaced by the URI of `proxy_pass`. */
import type { RequestContext } from "../request-context.ts";
import { escapePath } from "../request-target.ts";
import type { ProxyPass } from "../modules/proxy.ts";

export function proxyPath(context: RequestContext, pass: ProxyPass): string {
  const { target, location } = context;
  if (!pass.uri) return target.raw;
  const uri = pass.uri.evaluate(context);
  // With variables the value is the whole target, as in nginx.
  if (!pass.uri.isConstant || !pass.host.isConstant) return uri === "" ? target.raw : uri;
  const matched = location.matcher?.path.length ?? 0;
  const query = target.query === "" ? "" : `?${target.query}`;
  return `${uri}${escapePath(target.path.slice(matched))}${query}`;
}
