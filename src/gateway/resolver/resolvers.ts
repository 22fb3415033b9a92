/** The resolvers of a cycle: one for each `resolver` directive that is used, with a cache of its own, as in nginx. */
import { Resolver, type ResolverPorts } from "./resolver.ts";
import type { ResolverConfig } from "./resolver-config.ts";

export class Resolvers {
  readonly #ports: ResolverPorts;
  readonly #resolvers = new Map<ResolverConfig, Resolver>();

  constructor(ports: ResolverPorts) {
    this.#ports = ports;
  }

  of(config: ResolverConfig): Resolver {
    const known = this.#resolvers.get(config);
    if (known) return known;
    const resolver = new Resolver(config, this.#ports);
    this.#resolvers.set(config, resolver);
    return resolver;
  }

  /** Gives up what is still asked for. */
  close(): void {
    for (const resolver of this.#resolvers.values()) resolver.close();
  }
}
