/**
 * The compiled configuration of the gateway: all that the running gateway knows of the text. Deeply
 * readonly, with inheritance and defaults applied. Made by nginx/load-config.ts.
 */
import type { HostNamesConfig, StabilityConfig } from "../config/node-config.ts";
import type { ConfigProblem } from "../errors/config-error.ts";
import type { ConnectionZoneConfig } from "./http/connection-zones.ts";
import type { LogFormat } from "./http/modules/access-log.ts";
import type { ErrorLogTarget } from "./http/modules/error-log.ts";
import type { HttpSettings } from "./http/modules/modules.ts";
import type { LimitZoneConfig } from "./http/modules/limit-req.ts";
import type { RewriteStep } from "./http/rewrite-script.ts";
import type { LocationMatcher, LocationTable } from "./http/locations.ts";
import type { ListenAddress } from "./http/listen-address.ts";
import type { ServerNameTable } from "./http/server-names.ts";
import type { ServerTls } from "./http/server-tls.ts";
import type { SourceFile } from "./nginx/parser.ts";
import type { UpstreamConfig } from "./upstream/upstream-config.ts";

export interface LocationConfig {
  /** Undefined: the server's own level, outside all locations. */
  readonly matcher: LocationMatcher | undefined;
  readonly settings: HttpSettings;
  /** What `rewrite`, `if`, `set`, `break` and `return` of this level do, in order. */
  readonly steps: readonly RewriteStep[];
  /** How many characters of the path `alias` replaces; undefined: it names the whole file. */
  readonly aliasSpan: number | undefined;
  /** The values for the methods that `limit_except` does not name. */
  readonly limitExcept:
    { readonly limits: (method: string) => boolean; readonly location: LocationConfig } | undefined;
}

export interface ServerConfig {
  /** The first `server_name`; "" when there is none. */
  readonly primaryName: string;
  /** The server's own level: the settings before a location is chosen. */
  readonly location: LocationConfig;
  /** The rewrite steps before a location is chosen. */
  readonly steps: readonly RewriteStep[];
  readonly locations: LocationTable<LocationConfig>;
  /** Undefined: no certificate is configured. */
  readonly tls: ServerTls | undefined;
}

/** The servers that share one `listen` address. */
export interface AddressConfig {
  readonly address: ListenAddress;
  readonly tls: boolean;
  /** Each connection begins with a PROXY header. */
  readonly proxyProtocol: boolean;
  readonly defaultServer: ServerConfig;
  readonly names: ServerNameTable<ServerConfig>;
}

/** One socket. A wildcard socket carries all addresses of its port, as in nginx. */
export interface ListenerConfig {
  readonly bind: ListenAddress;
  readonly backlog: number;
  /** The wildcard itself, if configured, is among them. */
  readonly addresses: readonly AddressConfig[];
}

/** The block `cluster`: how this gateway joins the membership. */
export interface ClusterConfig {
  readonly domain: string;
  readonly localMemberHost: string;
  readonly localMemberPort: number;
  readonly members: readonly { readonly host: string; readonly port: number }[];
  /** Hazelcast members; with one or more of them membership goes over Hazelcast. */
  readonly hazelcastMembers: readonly { readonly host: string; readonly port: number }[];
  /** Absolute; undefined: the traffic is keyed by the domain alone. */
  readonly groupPasswordFile: string | undefined;
  readonly nodeName: string | undefined;
  /** When the gateway opens its ports. */
  readonly stability: StabilityConfig;
  /** Under which names the gateway is reached. */
  readonly hostNames: HostNamesConfig;
  /** Where /health/live and /health/ready are answered; undefined: nowhere. */
  readonly healthListen: ListenAddress | undefined;
}

export interface GatewayConfig {
  /** Absolute path of the main file. */
  readonly file: string;
  /** Every file that was read, the main one first. */
  readonly sources: readonly SourceFile[];
  readonly warnings: readonly ConfigProblem[];
  /** Absolute. Default: <prefix>/logs/gateway.pid. */
  readonly pidFile: string;
  /** How long requests may go on after the configuration is replaced or the gateway stops; 0: no bound. */
  readonly workerShutdownTimeoutMs: number;
  /** `error_log` of the main level. */
  readonly errorLogs: readonly ErrorLogTarget[];
  readonly listeners: readonly ListenerConfig[];
  /** By name; includes those that a `proxy_pass` with an address makes. */
  readonly upstreams: ReadonlyMap<string, UpstreamConfig>;
  /** `log_format` by name; "combined" is always there. */
  readonly logFormats: ReadonlyMap<string, LogFormat>;
  /** Paths of all log files, so that they exist from the start on. */
  readonly logFiles: readonly string[];
  readonly limitZones: readonly LimitZoneConfig[];
  readonly connectionZones: readonly ConnectionZoneConfig[];
  readonly cluster: ClusterConfig | undefined;
}
