/**
 * What becomes of the messages of each service, counted for whoever watches a deploy: a generation whose services begin to
 * fail is noticed by the share of faults. Two additions a message; made once a generation.
 */
import type { ServiceOutcome } from "./engine.ts";
import type { ProxyService } from "./services/proxy-service.ts";
import type { RestApi } from "./services/rest-api.ts";

/** The counts of one service. */
export class Tally {
  messages = 0;
  faults = 0;
}

export class Outcomes {
  readonly #services = new Map<string, Tally>();
  readonly #apis = new Map<string, Tally>();

  ofService({ name }: ProxyService): Tally {
    return tallyOf(this.#services, name);
  }

  ofApi({ name }: RestApi): Tally {
    return tallyOf(this.#apis, name);
  }

  /** The counts of these services; those that no message has reached are 0. */
  list(services: Iterable<ProxyService>, apis: Iterable<RestApi>): readonly ServiceOutcome[] {
    return [
      ...Array.from(services, (service) => outcome("proxy-service", service, this.#services)),
      ...Array.from(apis, (api) => outcome("api", api, this.#apis)),
    ];
  }
}

function tallyOf(tallies: Map<string, Tally>, name: string): Tally {
  const known = tallies.get(name);
  if (known) return known;
  const made = new Tally();
  tallies.set(name, made);
  return made;
}

function outcome(
  kind: ServiceOutcome["kind"],
  { name }: { readonly name: string },
  tallies: ReadonlyMap<string, Tally>,
): ServiceOutcome {
  const { messages = 0, faults = 0 } = tallies.get(name) ?? {};
  return { kind, name, messages, faults };
}
