/**
 * The `server` and `location` blocks → listeners with their servers. Implements what
 * ngx_http_optimize_servers checks: duplicate addresses and default servers, conflicting names, missing
 * certificates; and the rule that a wildcard socket carries every address of its port.
 */
import type { AddressConfig, ListenerConfig, ServerConfig } from "../gateway-config.ts";
import { reportFault } from "../nginx/analyze.ts";
import type { Block } from "../nginx/block.ts";
import { DirectiveFault } from "../nginx/directive-fault.ts";
import type { ReadingState } from "../nginx/directive-scope.ts";
import { compileLocations, compileSettings, compileSteps } from "./compile-locations.ts";
import { formatAddress, isWildcard, type ListenOptions } from "./listen-address.ts";
import { serverSettings } from "./modules/core.ts";
import { sslSettings } from "./modules/ssl.ts";
import { compileServerTls, type ServerTls } from "./server-tls.ts";
import { ServerNameTable, type ServerName } from "./server-names.ts";

const DEFAULT_LISTEN: ListenOptions = {
  host: "0.0.0.0",
  port: 80,
  tls: false,
  defaultServer: false,
  proxyProtocol: false,
  backlog: 511,
};

/** A compiled server with what only the compilation needs. */
interface CompiledServer {
  readonly config: ServerConfig;
  readonly names: readonly ServerName[];
  readonly block: Block;
}

interface AddressDraft {
  readonly options: ListenOptions;
  readonly servers: CompiledServer[];
  tls: boolean;
  proxyProtocol: boolean;
  backlog: number;
  chosenDefault: CompiledServer | undefined;
}

/** The listeners of the `http` block; problems are collected. */
export function compileListeners(http: Block, state: ReadingState): readonly ListenerConfig[] {
  const drafts = new Map<string, AddressDraft>();
  for (const block of http.childrenIn("server")) {
    const server = compileServer(block, state);
    for (const options of listensOf(block)) addListen(options, server, drafts, state);
  }
  const listeners = new Map<string, ListenerConfig>();
  for (const draft of drafts.values()) {
    const address = compileAddress(draft, state);
    const bind = wildcardOf(draft, drafts)?.options ?? draft.options;
    const key = formatAddress(bind);
    const before = listeners.get(key);
    listeners.set(key, {
      bind: { host: bind.host, port: bind.port },
      backlog: Math.max(before?.backlog ?? 0, draft.backlog),
      addresses: [...(before?.addresses ?? []), address],
    });
  }
  return [...listeners.values()];
}

/** `ssl on` makes every listen of the server one with TLS. */
function listensOf(block: Block): readonly ListenOptions[] {
  const listens = block.get(serverSettings.listen);
  const all = listens.length === 0 ? [DEFAULT_LISTEN] : listens;
  return block.get(sslSettings.on) ? all.map((options) => ({ ...options, tls: true })) : all;
}

function compileServer(block: Block, state: ReadingState): CompiledServer {
  const names = block.get(serverSettings.names).flat();
  const config: ServerConfig = {
    primaryName: names[0]?.text ?? "",
    location: {
      matcher: undefined,
      settings: compileSettings(block),
      steps: [],
      aliasSpan: undefined,
      limitExcept: undefined,
    },
    steps: compileSteps(block, undefined, state),
    locations: compileLocations(block, state),
    tls: compileTls(block, state),
  };
  const named: readonly ServerName[] = names.length === 0 ? [{ kind: "exact", text: "" }] : names;
  return { config, names: named, block };
}

function compileTls(block: Block, state: ReadingState): ServerTls | undefined {
  try {
    return compileServerTls(block.settings(sslSettings));
  } catch (error) {
    reportFault(error, block.place, state);
    block.noteFault();
    return undefined;
  }
}

function addListen(
  options: ListenOptions,
  server: CompiledServer,
  drafts: Map<string, AddressDraft>,
  state: ReadingState,
): void {
  const key = formatAddress(options);
  const draft = drafts.get(key) ?? {
    options,
    servers: [],
    tls: false,
    proxyProtocol: false,
    backlog: 0,
    chosenDefault: undefined,
  };
  drafts.set(key, draft);
  const { place = server.block.place } = options;
  if (draft.servers.includes(server)) state.problems.error(place, `a duplicate listen ${key}`);
  else draft.servers.push(server);
  draft.tls ||= options.tls;
  draft.proxyProtocol ||= options.proxyProtocol;
  draft.backlog = Math.max(draft.backlog, options.backlog);
  if (!options.defaultServer) return;
  if (draft.chosenDefault) state.problems.error(place, `a duplicate default server for ${key}`);
  draft.chosenDefault = server;
}

function compileAddress(draft: AddressDraft, state: ReadingState): AddressConfig {
  const { options, servers, tls, proxyProtocol } = draft;
  const [first] = servers;
  const chosen = draft.chosenDefault ?? first;
  if (!chosen) throw new DirectiveFault(`no server for ${formatAddress(options)}`);
  if (tls && !chosen.config.tls && !chosen.block.isFaulty) {
    state.problems.error(
      chosen.block.place,
      `no "ssl_certificate" is defined for the "${chosen.block.get(sslSettings.on) ? "ssl" : "listen ... ssl"}" directive`,
    );
  }
  const table = new ServerNameTable<ServerConfig>();
  for (const { names, config, block } of servers) {
    for (const name of names) {
      if (table.add(name, config)) continue;
      const sentence = `conflicting server name "${name.text}" on ${formatAddress(options)}, ignored`;
      state.problems.warning(block.place, sentence);
    }
  }
  const address = { host: options.host, port: options.port };
  return { address, tls, proxyProtocol, defaultServer: chosen.config, names: table };
}

/** The wildcard of the same port and family, if one is configured. */
function wildcardOf(
  { options }: AddressDraft,
  drafts: ReadonlyMap<string, AddressDraft>,
): AddressDraft | undefined {
  const isV6 = options.host.includes(":");
  return [...drafts.values()].find(
    (other) =>
      isWildcard(other.options) &&
      other.options.port === options.port &&
      other.options.host.includes(":") === isV6,
  );
}
