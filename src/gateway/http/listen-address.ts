/**
 * The address and options of `listen` (ngx_http_core_listen): `80`, `127.0.0.1`, `127.0.0.1:80`, `*:80`, `[::]:80`,
 * `unix:/run/g.sock`, with `ssl`, `default_server`. Options that only tune the socket are accepted.
 */
import { isIP } from "node:net";
import type { SourcePlace } from "../../errors/config-error.ts";
import { DirectiveFault } from "../nginx/directive-fault.ts";
import type { DirectiveScope } from "../nginx/directive-scope.ts";
import type { ValueReader } from "../nginx/directive.ts";

export interface ListenAddress {
  /** An IP address; "0.0.0.0" and "::" are wildcards. A Unix socket: "unix:" and its absolute path. */
  readonly host: string;
  /** 0 for a Unix socket. */
  readonly port: number;
}

export interface ListenOptions extends ListenAddress {
  readonly tls: boolean;
  readonly defaultServer: boolean;
  /** Each connection begins with a PROXY header. */
  readonly proxyProtocol: boolean;
  /** From `backlog=`. Default: 511, nginx's. */
  readonly backlog: number;
  /** Of the directive; undefined: there is none. */
  readonly place?: SourcePlace;
}

const UNIX = "unix:";
/** The system's bound on the path of a Unix socket, in bytes. */
const UNIX_PATH_MAX = 107;
const PORT_DEFAULT = 80;
const BACKLOG_DEFAULT = 511;

/** Options without a meaning for us, accepted with a warning. */
const IGNORED_OPTIONS =
  /^(deferred|bind|reuseport|fastopen=.*|rcvbuf=.*|sndbuf=.*|so_keepalive=.*|ipv6only=.*|setfib=.*)$/;

/** "127.0.0.1:80", "[::]:80": the form of nginx's messages. */
export function formatAddress({ host, port }: ListenAddress): string {
  if (isUnixAddress(host)) return host;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** true for the address of a Unix socket. */
export function isUnixAddress(host: string): boolean {
  return host.startsWith(UNIX);
}

/** The path of a Unix socket's address. */
export function unixPathOf(host: string): string {
  return host.slice(UNIX.length);
}

/** true for "0.0.0.0" and "::". */
export function isWildcard({ host }: ListenAddress): boolean {
  return host === "0.0.0.0" || host === "::";
}

/** Splits "host:port", "host", ":port" and "[v6]:port"; undefined where the form is wrong. */
export function splitHostPort(
  text: string,
): { readonly host: string; readonly port: string | undefined } | undefined {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]*)(?::([^:]*))?$/.exec(text);
  if (!match) return undefined;
  return { host: (match[1] ?? "").replace(/^\[|\]$/g, ""), port: match[2] };
}

/** 1 to 65535, or undefined. */
export function parsePort(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/** Reads the arguments of `listen`. @throws DirectiveFault. */
export const readListen: ValueReader<ListenOptions> = ([text = "", ...words], scope) => {
  const address = isUnixAddress(text) ? parseUnixAddress(text, scope) : parseListenAddress(text);
  let options: ListenOptions = {
    ...address,
    tls: false,
    defaultServer: false,
    proxyProtocol: false,
    backlog: BACKLOG_DEFAULT,
    place: scope.place,
  };
  for (const word of words) {
    const backlog = /^backlog=(\d+)$/.exec(word)?.[1];
    if (word === "ssl") options = { ...options, tls: true };
    else if (word === "default_server" || word === "default")
      options = { ...options, defaultServer: true };
    else if (word === "proxy_protocol") options = { ...options, proxyProtocol: true };
    else if (backlog !== undefined) options = { ...options, backlog: Number(backlog) };
    else if (IGNORED_OPTIONS.test(word)) scope.warn(`"${word}" of "listen" has no effect`);
    else throw new DirectiveFault(`invalid parameter "${word}"`);
  }
  return options;
};

function parseUnixAddress(text: string, scope: DirectiveScope): ListenAddress {
  if (unixPathOf(text) === "") {
    throw new DirectiveFault(
      `no path in the unix domain socket in "${text}" of the "listen" directive`,
    );
  }
  const path = scope.runtimePath(unixPathOf(text));
  if (Buffer.byteLength(path) > UNIX_PATH_MAX) {
    throw new DirectiveFault(
      `too long path in the unix domain socket in "${text}" of the "listen" directive`,
    );
  }
  return { host: `${UNIX}${path}`, port: 0 };
}

function parseListenAddress(text: string): ListenAddress {
  const onlyPort = parsePort(text);
  if (onlyPort !== undefined) return { host: "0.0.0.0", port: onlyPort };
  if (/^\d+$/.test(text))
    throw new DirectiveFault(`invalid port in "${text}" of the "listen" directive`);
  const split = splitHostPort(text);
  if (!split) throw new DirectiveFault(`invalid host in "${text}" of the "listen" directive`);
  const port = split.port === undefined ? PORT_DEFAULT : parsePort(split.port);
  if (port === undefined)
    throw new DirectiveFault(`invalid port in "${text}" of the "listen" directive`);
  const host =
    split.host === "*" ? "0.0.0.0" : split.host === "localhost" ? "127.0.0.1" : split.host;
  if (isIP(host) === 0)
    throw new DirectiveFault(`host not found in "${text}" of the "listen" directive`);
  return { host, port };
}
