/** The directives `resolver` and `resolver_timeout` (ngx_http_core_module, and ngx_http_upstream_module inside `upstream`). */
import { isIP } from "node:net";
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import type { DirectiveScope } from "../../nginx/directive-scope.ts";
import { durationMs, HTTP_LEVELS, single } from "../../nginx/directive.ts";
import { parseDurationMs, parseFlag } from "../../nginx/units.ts";
import type { ResolverConfig } from "../../resolver/resolver-config.ts";
import { type ListenAddress, parsePort, splitHostPort } from "../listen-address.ts";

const LEVELS = [...HTTP_LEVELS, "upstream"] as const;
const DNS_PORT = 53;

export const resolverSettings = {
  /** Undefined: names are not resolved at run time. */
  config: single<ResolverConfig, undefined>({
    name: "resolver",
    contexts: LEVELS,
    arity: { min: 1, max: 16 },
    missing: "status_zone",
    initial: undefined,
    value: readResolver,
  }),
  /** How long a request waits for a name. */
  timeoutMs: single({
    name: "resolver_timeout",
    contexts: LEVELS,
    value: durationMs,
    initial: 30_000,
  }),
};

type Options = Pick<ResolverConfig, "validMs" | "ipv4" | "ipv6">;

function readResolver(words: readonly string[], scope: DirectiveScope): ResolverConfig {
  const servers: ListenAddress[] = [];
  let options: Options = { validMs: undefined, ipv4: true, ipv6: true };
  for (const word of words) {
    const option = readOption(word);
    if (option) options = { ...options, ...option };
    else addServers(word, servers, scope);
  }
  if (!options.ipv4 && !options.ipv6) {
    throw new DirectiveFault('"ipv4" and "ipv6" cannot both be "off"');
  }
  if (words.every((word) => readOption(word))) throw new DirectiveFault("no name servers defined");
  return { servers, ...options };
}

/** Undefined: the word is an address. @throws DirectiveFault. */
function readOption(word: string): Partial<Options> | undefined {
  const [, name, text = ""] = /^(valid|ipv4|ipv6|status_zone)=(.*)$/s.exec(word) ?? [];
  if (name === undefined) return undefined;
  if (name === "valid") {
    const validMs = parseDurationMs(text);
    if (validMs !== undefined) return { validMs };
  } else if (name !== "status_zone") {
    const isOn = parseFlag(text);
    if (isOn !== undefined) return { [name]: isOn };
  }
  throw new DirectiveFault(`invalid parameter: ${word}`);
}

/** A name server that is given by name is looked up by the system when the configuration is read. */
function addServers(word: string, servers: ListenAddress[], scope: DirectiveScope): void {
  const split = splitHostPort(word);
  const port = split?.port === undefined ? DNS_PORT : parsePort(split.port);
  if (!split || split.host === "") throw new DirectiveFault(`invalid host in resolver "${word}"`);
  if (port === undefined) throw new DirectiveFault(`invalid port in resolver "${word}"`);
  if (isIP(split.host) !== 0) return void servers.push({ host: split.host, port });
  scope.lookUpHost(split.host, (addresses) => {
    servers.push(...addresses.map((host) => ({ host, port })));
  });
}
