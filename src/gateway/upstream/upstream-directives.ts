/** The directives inside `upstream` (ngx_http_upstream_module, sticky of NGINX Plus, and our `cluster_servers`). */
import { isIP } from "node:net";
import { DirectiveFault } from "../nginx/directive-fault.ts";
import type { DirectiveScope } from "../nginx/directive-scope.ts";
import { block, durationMs, list, single, wholeNumber } from "../nginx/directive.ts";
import { parseDurationMs, parseNumber } from "../nginx/units.ts";
import { isUnixAddress, parsePort, splitHostPort, unixPathOf } from "../http/listen-address.ts";
import { readSticky, readZoneBytes } from "./sticky-directive.ts";
import type { ClusterServersConfig, PeerOptions, StickyConfig } from "./upstream-config.ts";

const LEVEL = ["upstream"] as const;

/** When the name of a `server` line is resolved, and as what. */
interface ServerNaming {
  /** While the gateway runs; false: when the configuration is read. */
  readonly resolve: boolean;
  /** What is asked for is a service (SRV); undefined: a host. */
  readonly service: string | undefined;
}

/** A `server` line; its host may still be a name. */
export interface ServerLine extends PeerOptions {
  readonly host: string;
  readonly port: number;
  /** The address as written. */
  readonly text: string;
  readonly naming: ServerNaming;
  readonly scope: DirectiveScope;
}

export const upstreamBlock = block({
  name: "upstream",
  contexts: ["http"],
  arity: 1,
  opens: "upstream",
});

export const upstreamSettings = {
  servers: list<ServerLine>({
    name: "server",
    contexts: LEVEL,
    arity: { min: 1, max: 16 },
    missing: "in upstream: slow_start",
    value: readServer,
  }),
  clusterServers: list<ClusterServersConfig>({
    name: "cluster_servers",
    contexts: LEVEL,
    arity: { min: 2, max: 8 },
    value: readClusterServers,
  }),
  sticky: single<StickyConfig, undefined>({
    name: "sticky",
    contexts: LEVEL,
    arity: { min: 1, max: 16 },
    initial: undefined,
    value: readSticky,
  }),
  /** Idle connections that are kept; 32 without the directive, as in nginx. */
  keepaliveCount: single({
    name: "keepalive",
    contexts: LEVEL,
    arity: { min: 1, max: 2 },
    missing: "local (the connections of an upstream serve all locations)",
    value: readKeepalive,
    initial: 32,
  }),
  keepaliveRequests: single({
    name: "keepalive_requests",
    contexts: LEVEL,
    value: wholeNumber,
    initial: 1000,
  }),
  keepaliveAgeMs: single({
    name: "keepalive_time",
    contexts: LEVEL,
    value: durationMs,
    initial: 3_600_000,
  }),
  keepaliveIdleMs: single({
    name: "keepalive_timeout",
    contexts: LEVEL,
    value: durationMs,
    initial: 60_000,
  }),
  /** One process owns all state, and it outlives a reload: what `zone` asks for is always so. */
  zone: single<string, undefined>({
    name: "zone",
    contexts: LEVEL,
    arity: { min: 1, max: 2 },
    missing: "a bound by the size",
    initial: undefined,
    value([name = "", size]) {
      if (size !== undefined) readZoneBytes(name, size);
      return name;
    },
  }),
};

function readKeepalive(args: readonly string[], scope: DirectiveScope): number {
  const [, word] = args;
  if (word !== undefined && word !== "local") {
    throw new DirectiveFault(`invalid parameter "${word}"`);
  }
  if (word !== undefined) scope.warn('"local" of "keepalive" has no effect');
  return wholeNumber(args, scope);
}

const PEER_DEFAULTS: PeerOptions = {
  weight: 1,
  maxFails: 1,
  failTimeoutMs: 10_000,
  connectionsMax: 0,
  backup: false,
  down: false,
  drain: false,
  route: undefined,
};

function readServer([address = "", ...all]: readonly string[], scope: DirectiveScope): ServerLine {
  const isNaming = (word: string) => word === "resolve" || word.startsWith("service=");
  const words = all.filter((word) => !isNaming(word));
  const line = { text: address, naming: readNaming(address, all), scope };
  if (isUnixAddress(address)) return { ...readUnix(address, words), ...line };
  const split = splitHostPort(address);
  if (!split || split.host === "") {
    throw new DirectiveFault(`invalid host in upstream "${address}"`);
  }
  const port = split.port === undefined ? 80 : parsePort(split.port);
  if (port === undefined) throw new DirectiveFault(`invalid port in upstream "${address}"`);
  return { ...readPeerOptions(words), host: split.host, port, ...line };
}

/** `resolve` and `service=`, in nginx's words when they do not fit together. */
function readNaming(address: string, all: readonly string[]): ServerNaming {
  const resolve = all.includes("resolve");
  const service = all.find((word) => word.startsWith("service="))?.slice("service=".length);
  if (service === undefined) return { resolve, service };
  if (service === "" || service.startsWith(".") || service.endsWith(".")) {
    throw new DirectiveFault("service is invalid");
  }
  if (!resolve) {
    throw new DirectiveFault(`service upstream "${address}" requires "resolve" parameter`);
  }
  if (isUnixAddress(address) || isIP(address) !== 0) {
    throw new DirectiveFault(`service upstream "${address}" requires domain name`);
  }
  if (splitHostPort(address)?.port !== undefined) {
    throw new DirectiveFault(`service upstream "${address}" may not have port`);
  }
  return { resolve, service };
}

function readUnix(address: string, words: readonly string[]) {
  if (unixPathOf(address) === "") {
    throw new DirectiveFault(`no path in the unix domain socket in upstream "${address}"`);
  }
  return { ...readPeerOptions(words), host: address, port: 0 };
}

function readClusterServers(args: readonly string[]): ClusterServersConfig {
  const [subDomain = "", scheme = "", ...words] = args;
  if (scheme !== "http" && scheme !== "https") {
    throw new DirectiveFault(`invalid parameter "${scheme}", it must be "http" or "https"`);
  }
  return { ...readPeerOptions(words), subDomain, scheme };
}

/** The parameters after the address. @throws DirectiveFault `invalid parameter "x"`. */
export function readPeerOptions(words: readonly string[]): PeerOptions {
  let options = PEER_DEFAULTS;
  for (const word of words) options = { ...options, ...readPeerOption(word) };
  return options;
}

function readPeerOption(word: string): Partial<PeerOptions> {
  const equals = word.indexOf("=");
  const name = equals === -1 ? word : word.slice(0, equals);
  const text = equals === -1 ? undefined : word.slice(equals + 1);
  if (text === undefined && (name === "backup" || name === "down" || name === "drain")) {
    return { [name]: true };
  }
  const number = parseNumber(text ?? "");
  if (name === "weight" && number) return { weight: number };
  if (name === "max_fails" && number !== undefined) return { maxFails: number };
  if (name === "max_conns" && number !== undefined) return { connectionsMax: number };
  if (name === "route" && text !== undefined && /^.{1,32}$/s.test(text)) return { route: text };
  const failTimeoutMs = parseDurationMs(text ?? "");
  if (name === "fail_timeout" && failTimeoutMs !== undefined) return { failTimeoutMs };
  throw new DirectiveFault(`invalid parameter "${word}"`);
}
