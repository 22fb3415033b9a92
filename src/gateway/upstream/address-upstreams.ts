/**
 * Upstreams for addresses that `proxy_pass` gets from variables: an IP address or a Unix socket that no other
 * directive names. Each has one peer, whose connections are not kept; it is made when first asked for.
 */
import { isIP } from "node:net";
import { isUnixAddress, parsePort, splitHostPort } from "../http/listen-address.ts";
import { implicitUpstream } from "./compile-upstreams.ts";
import { emptyDirectory } from "./server-directory.ts";
import type { UpstreamConfig } from "./upstream-config.ts";
import { Upstream, type UpstreamServices } from "./upstream.ts";

/** Most addresses that are remembered: a client may have a say in them. */
const COUNT_MAX = 256;

export class AddressUpstreams {
  readonly #services: UpstreamServices;
  readonly #known = new Map<string, Upstream>();

  /** Members do not matter here: whoever asks for an address gets that one. */
  constructor(services: UpstreamServices) {
    this.#services = { ...services, directory: emptyDirectory };
  }

  /** `name`: an address with its port. Undefined: it is no address. */
  find(name: string): Upstream | undefined {
    const known = this.#known.get(name);
    if (known) return known;
    const config = configOf(name);
    if (!config) return undefined;
    const [oldest] = this.#known.keys();
    if (this.#known.size >= COUNT_MAX && oldest !== undefined) this.#known.delete(oldest);
    const upstream = new Upstream(config, this.#services);
    this.#known.set(name, upstream);
    return upstream;
  }

  /** For the addresses of a name that was resolved for one request; chance says which is tried first. */
  forAddresses(name: string, hosts: readonly string[], port: number): Upstream {
    const { random = Math.random } = this.#services;
    const start = Math.floor(random() * hosts.length);
    const rotated = [...hosts.slice(start), ...hosts.slice(0, start)];
    return new Upstream(implicitUpstream(name, rotated, port), this.#services);
  }
}

function configOf(name: string): UpstreamConfig | undefined {
  if (isUnixAddress(name)) return implicitUpstream(name, [name], 0);
  const split = splitHostPort(name);
  const port = parsePort(split?.port ?? "");
  if (!split || port === undefined || isIP(split.host) === 0) return undefined;
  return implicitUpstream(name, [split.host], port);
}
