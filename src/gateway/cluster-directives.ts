/** The block `cluster` of the main level: our own directives for joining the membership. */
import { isIP } from "node:net";
import { STABILITY_DEFAULTS } from "../config/node-presence.ts";
import type { ConfigProblems } from "../errors/config-error.ts";
import { DirectiveFault } from "./nginx/directive-fault.ts";
import type { Block } from "./nginx/block.ts";
import {
  block,
  durationMs,
  flag,
  list,
  plainText,
  single,
  type ValueReader,
  wholeNumber,
} from "./nginx/directive.ts";
import type { ClusterConfig } from "./gateway-config.ts";
import { type ListenAddress, parsePort, splitHostPort } from "./http/listen-address.ts";
import { upstreamSettings } from "./upstream/upstream-directives.ts";

const LEVEL = ["cluster"] as const;
const DOMAIN_DEFAULT = "wso2.carbon.domain";
const PORT_DEFAULT = 4000;

const hostName: ValueReader<string> = ([text = ""]) => {
  const isName = text.length <= 253 && /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(text);
  if (isName || isIP(text) !== 0) return text;
  throw new DirectiveFault(`invalid host name "${text}"`);
};

const intervalMs: ValueReader<number> = (args, scope) => {
  const value = durationMs(args, scope);
  if (value >= 100) return value;
  throw new DirectiveFault(`"${scope.name}" directive invalid value, it must be at least 100ms`);
};

const memberAddress: ValueReader<{ readonly host: string; readonly port: number }> = ([
  text = "",
]) => {
  const split = splitHostPort(text);
  const port = parsePort(split?.port ?? "");
  if (!split || split.host === "" || port === undefined) {
    throw new DirectiveFault(`invalid member "${text}", it must be HOST:PORT`);
  }
  return { host: split.host, port };
};

/** HOST:PORT with an IP address; port 0 lets the system choose. */
function readAddress(text: string): ListenAddress {
  const split = splitHostPort(text);
  const port = split?.port === "0" ? 0 : parsePort(split?.port ?? "");
  if (split && port !== undefined && isIP(split.host) !== 0) return { host: split.host, port };
  throw new DirectiveFault(`invalid address "${text}", it must be ADDRESS:PORT`);
}

export const clusterBlock = block({ name: "cluster", contexts: ["main"], opens: "cluster" });

export const clusterSettings = {
  domain: single({
    name: "domain",
    contexts: LEVEL,
    value: plainText,
    initial: DOMAIN_DEFAULT,
  }),
  localMemberHost: single({
    name: "local_member_host",
    contexts: LEVEL,
    value: plainText,
    initial: "127.0.0.1",
  }),
  localMemberPort: single({
    name: "local_member_port",
    contexts: LEVEL,
    initial: PORT_DEFAULT,
    value: ([text = ""]) => {
      const port = parsePort(text);
      if (port === undefined) throw new DirectiveFault(`invalid port "${text}"`);
      return port;
    },
  }),
  members: list({ name: "member", contexts: LEVEL, value: memberAddress }),
  /** Hazelcast members: with them membership goes over Hazelcast. */
  hazelcastMembers: list({ name: "hazelcast_member", contexts: LEVEL, value: memberAddress }),
  groupPasswordFile: single<string, undefined>({
    name: "group_password_file",
    contexts: LEVEL,
    value: ([path = ""], scope) => scope.configPath(path),
    initial: undefined,
  }),
  minimumPeers: single({
    name: "minimum_peers",
    contexts: LEVEL,
    value: wholeNumber,
    initial: STABILITY_DEFAULTS.minimumPeers,
  }),
  stabiliseTimeoutMs: single({
    name: "stabilise_timeout",
    contexts: LEVEL,
    value: durationMs,
    initial: STABILITY_DEFAULTS.stabiliseTimeoutMs,
  }),
  stableReportIntervalMs: single({
    name: "stable_report_interval",
    contexts: LEVEL,
    value: intervalMs,
    initial: STABILITY_DEFAULTS.stableReportIntervalMs,
  }),
  strict: single({
    name: "stabilise_strict",
    contexts: LEVEL,
    value: flag,
    initial: STABILITY_DEFAULTS.strict,
  }),
  hostname: nameRow("hostname"),
  hostnameDomain: nameRow("hostname_domain"),
  internalHostname: nameRow("internal_hostname"),
  internalDomain: nameRow("internal_domain"),
  /** A port of its own for probes: it is open before the others are. */
  healthListen: single<ListenAddress, undefined>({
    name: "health_listen",
    contexts: LEVEL,
    value: ([text = ""]) => readAddress(text),
    initial: undefined,
  }),
  nodeName: single<string, undefined>({
    name: "node_name",
    contexts: LEVEL,
    value: plainText,
    initial: undefined,
  }),
};

/** Undefined when the main level has no `cluster`: the gateway joins nothing. */
export function compileCluster(main: Block): ClusterConfig | undefined {
  const settings = main.childrenIn("cluster")[0]?.settings(clusterSettings);
  if (!settings) return undefined;
  const { minimumPeers, stabiliseTimeoutMs, stableReportIntervalMs, strict, ...others } = settings;
  const { hostname, hostnameDomain: domain, internalHostname, internalDomain, ...rest } = others;
  return {
    ...rest,
    stability: { minimumPeers, stabiliseTimeoutMs, stableReportIntervalMs, strict },
    hostNames: { hostname, domain, internalHostname, internalDomain },
  };
}

/** `sync` asks for other gateways: outside any cluster there are none. */
export function checkSharedZones(
  http: Block,
  isClustered: boolean,
  problems: ConfigProblems,
): void {
  if (isClustered) return;
  for (const upstream of http.childrenIn("upstream")) {
    const sticky = upstream.get(upstreamSettings.sticky);
    if (sticky?.kind !== "learn" || !sticky.shared) continue;
    const sentence = `"sync" of "sticky" has no effect without the block "cluster": the sessions of zone "${sticky.zoneName}" stay on this gateway`;
    problems.warning(upstream.place, sentence);
  }
}

function nameRow(name: string) {
  return single<string, undefined>({ name, contexts: LEVEL, value: hostName, initial: undefined });
}
