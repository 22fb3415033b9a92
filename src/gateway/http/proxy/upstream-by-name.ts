/**
 * The upstream of a host name that a request tells: its addresses, from the location's resolver, as peers for this one
 * request (ngx_http_upstream_resolve_handler, ngx_http_upstream_create_round_robin_peer).
 */
import type { Cycle } from "../../cycle.ts";
import { describeFailure } from "../../resolver/name-answer.ts";
import type { NameAnswer } from "../../resolver/resolver.ts";
import type { Upstream } from "../../upstream/upstream.ts";
import { parsePort, splitHostPort } from "../listen-address.ts";
import type { RequestContext } from "../request-context.ts";

/**
 * Resolves at once when the client goes.
 * @param name host and port.
 * @returns the upstream, or the sentence for the error log that says why there is none.
 */
export async function upstreamByName(
  context: RequestContext,
  name: string,
  cycle: Cycle,
): Promise<Upstream | string> {
  const { config, timeoutMs } = context.location.settings.resolver;
  const split = splitHostPort(name);
  const port = parsePort(split?.port ?? "");
  if (!split || split.host === "") return `invalid host in upstream "${name}"`;
  if (port === undefined) return `invalid port in upstream "${name}"`;
  if (!config) return `no resolver defined to resolve ${split.host}`;
  const { promise, resolve } = Promise.withResolvers<NameAnswer | undefined>();
  const request = { name: split.host, isService: false, timeoutMs };
  const giveUp = cycle.resolvers.of(config).resolve(request, resolve);
  context.exchange.onAbort(() => {
    giveUp();
    resolve(undefined);
  });
  const answer = await promise;
  if (!answer) return `${split.host} was not waited for`;
  if (answer.kind === "failure") return describeFailure(split.host, answer);
  const hosts = answer.addresses.map(({ host }) => host);
  return cycle.addressUpstreams.forAddresses(name, hosts, port);
}
