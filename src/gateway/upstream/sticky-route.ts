/** `sticky route`: the first non-empty variable is the server id (`route=` of a server, or MD5 of its address). Nothing is set or kept. */
import type { RequestContext } from "../http/request-context.ts";
import type { Stickiness } from "./stickiness.ts";
import type { StickyRouteConfig } from "./upstream-config.ts";

export class StickyRoute implements Stickiness {
  readonly atHead = false;
  readonly #config: StickyRouteConfig;

  constructor(config: StickyRouteConfig) {
    this.#config = config;
  }

  boundTo(context: RequestContext): string | undefined {
    for (const variable of this.#config.variables) {
      const value = variable.evaluate(context);
      if (value !== "") return value;
    }
    return undefined;
  }

  noteChosen(): void {}

  learn(): void {}
}
