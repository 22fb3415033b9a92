/**
 * The `upstream` blocks and the hosts of `proxy_pass` → UpstreamConfigs. Host names are looked up when the
 * configuration is read, as nginx does; every address of a name is a peer.
 */
import { isIP } from "node:net";
import type { SourcePlace } from "../../errors/config-error.ts";
import { isUnixAddress, parsePort, splitHostPort } from "../http/listen-address.ts";
import { HTTP_MODULES } from "../http/modules/modules.ts";
import type { ProxyPass } from "../http/modules/proxy.ts";
import { resolverSettings } from "../http/modules/resolver.ts";
import type { Block } from "../nginx/block.ts";
import type { ReadingState } from "../nginx/directive-scope.ts";
import { balancingMethod } from "./balancing-directives.ts";
import { readPeerOptions, type ServerLine, upstreamSettings } from "./upstream-directives.ts";
import type {
  BalancingMethod,
  KeepaliveConfig,
  PeerConfig,
  ResolvedServerConfig,
  UpstreamConfig,
} from "./upstream-config.ts";

/** Addresses of a host name. Rejects when there are none. */
export type HostLookup = (host: string) => Promise<readonly string[]>;

/** To a `proxy_pass` without upstream block no connections are kept, as in nginx. */
const NO_KEEPALIVE: KeepaliveConfig = {
  idleCount: 0,
  requestCount: upstreamSettings.keepaliveRequests.initial,
  ageMs: upstreamSettings.keepaliveAgeMs.initial,
  idleMs: upstreamSettings.keepaliveIdleMs.initial,
};

interface HostUse {
  readonly host: string;
  /** As written, for messages. */
  readonly text: string;
  readonly place: SourcePlace;
}

/** All upstreams by name; problems are collected. */
export async function compileUpstreams(
  http: Block,
  lookup: HostLookup,
  state: ReadingState,
): Promise<ReadonlyMap<string, UpstreamConfig>> {
  const compiler = new UpstreamCompiler(lookup, state);
  const upstreams = new Map<string, UpstreamConfig>();
  for (const block of http.childrenIn("upstream")) {
    const name = (block.args[0] ?? "").toLowerCase();
    if (upstreams.has(name)) state.problems.error(block.place, `duplicate upstream "${name}"`);
    upstreams.set(name, await compiler.compileBlock(name, block));
  }
  for (const pass of proxyPassesOf(http)) {
    const name = pass.host.text.toLowerCase();
    const key = upstreams.has(name) ? name : implicitName(pass);
    // With a variable anywhere in the URL the host is looked up at run time, as in nginx.
    if (!pass.host.isConstant || pass.uri?.isConstant === false || upstreams.has(key)) continue;
    upstreams.set(key, await compiler.compileImplicit(key, pass));
  }
  checkZones(http, upstreams, state);
  return upstreams;
}

/** The name of the upstream that `proxy_pass` with an address stands for: host and port, or a Unix socket. */
export function implicitName({ host, scheme }: ProxyPass, text = host.text): string {
  if (isUnixAddress(text)) return text;
  const split = splitHostPort(text);
  const port = split?.port ?? (scheme === "https" ? "443" : "80");
  const name = (split?.host ?? text).toLowerCase();
  return name.includes(":") ? `[${name}]:${port}` : `${name}:${port}`;
}

/** The upstream of a `proxy_pass` without upstream block. */
export function implicitUpstream(
  name: string,
  addresses: readonly string[],
  port: number,
): UpstreamConfig {
  const peers = addresses.map((host) => ({ ...readPeerOptions([]), name, host, port }));
  const none = { clusterServers: [], resolvedServers: [], sticky: undefined };
  return { name, method: { kind: "round_robin" }, peers, ...none, keepalive: NO_KEEPALIVE };
}

class UpstreamCompiler {
  readonly #lookup: HostLookup;
  readonly #state: ReadingState;

  constructor(lookup: HostLookup, state: ReadingState) {
    this.#lookup = lookup;
    this.#state = state;
  }

  async compileBlock(name: string, block: Block): Promise<UpstreamConfig> {
    const { servers, clusterServers, sticky, ...rest } = block.settings(upstreamSettings);
    const peers: PeerConfig[] = [];
    const resolvedServers: ResolvedServerConfig[] = [];
    for (const line of servers) {
      const { scope, text, naming, ...server } = line;
      if (naming.resolve && isIP(server.host) === 0 && !isUnixAddress(server.host)) {
        resolvedServers.push(...this.#resolvedLater(block, line));
        continue;
      }
      const addresses = await this.#resolve({ host: server.host, text, place: scope.place });
      peers.push(...addresses.map((host) => ({ ...server, name: text, host })));
    }
    const known = [...peers, ...resolvedServers.map(({ options }) => options)];
    const hasPrimary = known.some((peer) => !peer.backup) || clusterServers.length > 0;
    if (!hasPrimary && !block.isFaulty && (servers.length === 0 || known.length > 0)) {
      const what = servers.length === 0 ? "no servers are inside" : "no servers in";
      const sentence = `${what} upstream "${name}"`;
      this.#state.problems.error(block.place, sentence);
    }
    const keepalive: KeepaliveConfig = {
      idleCount: rest.keepaliveCount,
      requestCount: rest.keepaliveRequests,
      ageMs: rest.keepaliveAgeMs,
      idleMs: rest.keepaliveIdleMs,
    };
    const method = this.#method(block, servers);
    return { name, method, peers, clusterServers, resolvedServers, sticky, keepalive };
  }

  /** A `server ... resolve`; none when the upstream lacks what it needs, in nginx's words. */
  #resolvedLater(
    block: Block,
    { scope, text, naming, host, port, ...options }: ServerLine,
  ): readonly ResolvedServerConfig[] {
    const { config, timeoutMs } = block.settings(resolverSettings);
    const upstream = `upstream "${block.args[0] ?? ""}"`;
    const refuse = (sentence: string) => {
      this.#state.problems.error(scope.place, sentence);
      block.noteFault();
      return [];
    };
    if (block.own(upstreamSettings.zone) === undefined) {
      return refuse(
        `resolving names at run time requires ${upstream} to be in shared memory: it needs a "zone"`,
      );
    }
    if (!config) {
      return refuse(`no resolver defined to resolve names at run time in ${upstream}`);
    }
    const { service } = naming;
    return [{ options, name: text, host, port, service, resolver: config, timeoutMs }];
  }

  async compileImplicit(name: string, pass: ProxyPass): Promise<UpstreamConfig> {
    if (isUnixAddress(name)) return implicitUpstream(name, [name], 0);
    const split = splitHostPort(name);
    const { text, place } = pass.host;
    const addresses = await this.#resolve({ host: split?.host ?? name, text, place });
    return implicitUpstream(name, addresses, parsePort(split?.port ?? "") ?? 80);
  }

  /** Backups that stand after a method that has none are refused, in nginx's words. */
  #method(block: Block, servers: readonly ServerLine[]): BalancingMethod {
    const { method, line } = balancingMethod(block, this.#state);
    if (method.kind === "round_robin" || method.kind === "least_conn") return method;
    for (const { backup, scope } of servers) {
      if (!backup || scope.place.line < line) continue;
      const sentence = 'balancing method does not support parameter "backup"';
      this.#state.problems.error(scope.place, sentence);
    }
    return method;
  }

  async #resolve({ host, text, place }: HostUse): Promise<readonly string[]> {
    if (isIP(host) !== 0 || isUnixAddress(host)) return [host];
    try {
      return await this.#lookup(host);
    } catch {
      // Why the name has no address is of no help to the reader; that it has none is the error.
      this.#state.problems.error(place, `host not found in upstream "${text}"`);
      return [];
    }
  }
}

function proxyPassesOf(block: Block): readonly ProxyPass[] {
  const own = block.own(HTTP_MODULES.proxy.pass);
  return [...(own ? [own] : []), ...block.children.flatMap(proxyPassesOf)];
}

/** A sticky zone belongs to one upstream. */
function checkZones(
  http: Block,
  upstreams: ReadonlyMap<string, UpstreamConfig>,
  state: ReadingState,
): void {
  const owners = new Map<string, string>();
  for (const block of http.childrenIn("upstream")) {
    const upstream = upstreams.get((block.args[0] ?? "").toLowerCase());
    const sticky = upstream?.sticky;
    if (!upstream || sticky?.kind !== "learn") continue;
    const owner = owners.get(sticky.zoneName);
    if (owner !== undefined && owner !== upstream.name) {
      const sentence = `sticky zone "${sticky.zoneName}" is already used in upstream "${owner}"`;
      state.problems.error(block.place, sentence);
    }
    owners.set(sticky.zoneName, upstream.name);
  }
}
