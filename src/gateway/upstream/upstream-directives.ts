/** The directives inside `upstream` (ngx_http_upstream_module, sticky of NGINX Plus, and our `cluster_servers`). */
import { DirectiveFault } from "../nginx/directive-fault.ts";
import type { DirectiveScope } from "../nginx/directive-scope.ts";
import { accepted, block, list, single, wholeNumber } from "../nginx/directive.ts";
import type { Template } from "../nginx/template.ts";
import { parseDurationMs, parseNumber, parseSize } from "../nginx/units.ts";
import { parsePort, splitHostPort } from "../http/listen-address.ts";
import type { ClusterServersConfig, PeerOptions, StickyLearnConfig } from "./upstream-config.ts";

/** Smallest zone, in bytes: eight pages, as in nginx. */
export const ZONE_BYTES_MIN = 8 * 4096;
const STICKY_TIMEOUT_MS = 600_000;
const LEVEL = ["upstream"] as const;

/** A `server` line; its host may still be a name. */
export interface ServerLine extends PeerOptions {
  readonly host: string;
  readonly port: number;
  /** The address as written. */
  readonly text: string;
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
    value: readServer,
  }),
  clusterServers: list<ClusterServersConfig>({
    name: "cluster_servers",
    contexts: LEVEL,
    arity: { min: 2, max: 8 },
    value: readClusterServers,
  }),
  sticky: single<StickyLearnConfig, undefined>({
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
    value: wholeNumber,
    initial: 32,
  }),
  /** One process owns all state, and it outlives a reload: what `zone` asks for is always so. */
  zone: single<string, undefined>({
    name: "zone",
    contexts: LEVEL,
    arity: { min: 1, max: 2 },
    initial: undefined,
    value([name = "", size]) {
      if (size !== undefined) readZoneBytes(name, size);
      return name;
    },
  }),
};

export const upstreamAccepted = [
  accepted("keepalive_requests", LEVEL),
  accepted("keepalive_time", LEVEL),
];

const PEER_DEFAULTS: PeerOptions = {
  weight: 1,
  maxFails: 1,
  failTimeoutMs: 10_000,
  connectionsMax: 0,
  backup: false,
  down: false,
  drain: false,
};

function readServer(
  [address = "", ...words]: readonly string[],
  scope: DirectiveScope,
): ServerLine {
  const split = splitHostPort(address);
  if (!split || split.host === "" || address.startsWith("unix:")) {
    throw new DirectiveFault(`invalid host in upstream "${address}"`);
  }
  const port = split.port === undefined ? 80 : parsePort(split.port);
  if (port === undefined) throw new DirectiveFault(`invalid port in upstream "${address}"`);
  return { ...readPeerOptions(words), host: split.host, port, text: address, scope };
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
  const failTimeoutMs = parseDurationMs(text ?? "");
  if (name === "fail_timeout" && failTimeoutMs !== undefined) return { failTimeoutMs };
  throw new DirectiveFault(`invalid parameter "${word}"`);
}

function readSticky(
  [kind = "", ...words]: readonly string[],
  scope: DirectiveScope,
): StickyLearnConfig {
  if (kind !== "learn") {
    throw new DirectiveFault(`"sticky ${kind}" is not supported, "sticky learn" is`);
  }
  const create: Template[] = [];
  const lookup: Template[] = [];
  let zone: { readonly name: string; readonly bytes: number } | undefined;
  let timeoutMs = STICKY_TIMEOUT_MS;
  let atHead = false;
  for (const word of words) {
    const [, name, text = ""] = /^(create|lookup|zone|timeout)=(.*)$/.exec(word) ?? [];
    if (name === "create") create.push(scope.template(text));
    else if (name === "lookup") lookup.push(scope.template(text));
    else if (name === "zone") zone = readZone(text);
    else if (name === "timeout") timeoutMs = parseDurationMs(text) ?? failOn(word);
    else if (word === "header") atHead = true;
    else failOn(word);
  }
  if (create.length === 0) throw new DirectiveFault('"create" is required for "sticky learn"');
  if (lookup.length === 0) throw new DirectiveFault('"lookup" is required for "sticky learn"');
  if (!zone) throw new DirectiveFault('"zone" is required for "sticky learn"');
  return { create, lookup, zoneName: zone.name, zoneBytes: zone.bytes, timeoutMs, atHead };
}

function failOn(word: string): never {
  throw new DirectiveFault(`invalid parameter "${word}"`);
}

function readZone(text: string): { readonly name: string; readonly bytes: number } {
  const [, name = "", size = ""] = /^([^:]+):(.+)$/.exec(text) ?? [];
  if (name === "") throw new DirectiveFault(`invalid zone size "${text}"`);
  return { name, bytes: readZoneBytes(name, size) };
}

function readZoneBytes(name: string, size: string): number {
  const bytes = parseSize(size);
  if (bytes === undefined) throw new DirectiveFault(`invalid zone size "${name}:${size}"`);
  if (bytes < ZONE_BYTES_MIN) throw new DirectiveFault(`zone "${name}" is too small`);
  return bytes;
}
