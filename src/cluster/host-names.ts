/**
 * Under which names a node is reached, with the chain of defaults of Axon Server: hostname ← the machine's name,
 * internal-hostname ← hostname, internal-domain ← domain. Called by the commands, which know the machine; read by gateways,
 * which reach workers by the internal names.
 */
import { isIP } from "node:net";
import type { HostNamesConfig } from "../config/node-config.ts";
import type { HostNames } from "./cluster.ts";

export interface HostNameSources {
  readonly configured: HostNamesConfig | undefined;
  /** Name of the node. */
  readonly name: string;
  /** The machine's host name. */
  readonly machine: string;
  /** The advertised cluster address. */
  readonly localMemberHost: string;
}

/**
 * One step more than Axon's chain: where neither internal-hostname nor hostname is written, the others reach the node by its
 * cluster address, which works wherever the cluster does; the machine's name may not.
 */
export function hostNamesOf(sources: HostNameSources): HostNames {
  const { configured = {}, name, machine, localMemberHost } = sources;
  const { hostname, domain = "", internalHostname = hostname } = configured;
  const { internalDomain = domain } = configured;
  return {
    name,
    hostname: hostname ?? machine,
    domain,
    internalHostname: internalHostname ?? localMemberHost,
    internalDomain: internalHostname === undefined ? "" : internalDomain,
  };
}

/** What the other nodes connect to: a name with its domain, or an address. */
export function internalHostOf({ internalHostname, internalDomain }: HostNames): string {
  return internalDomain === "" || isIP(internalHostname) !== 0
    ? internalHostname
    : `${internalHostname}.${internalDomain}`;
}
