/**
 * Templates of endpoints (Template, TemplateEndpoint): an endpoint whose words `$name` stand for parameters. The
 * reader gives the way to make an endpoint of them; each instance is made once.
 */
import { MediationFault } from "../mediation-fault.ts";
import type { Endpoint, TemplateInstance } from "./endpoint.ts";

/** The endpoint for the parameters of an instance, or what is wrong with them. */
export type EndpointMaker = (instance: TemplateInstance) => Endpoint | string;

export class EndpointTemplate {
  readonly name: string;
  readonly #make: EndpointMaker;
  readonly #made = new WeakMap<TemplateInstance, Endpoint | string>();

  constructor(name: string, make: EndpointMaker) {
    this.name = name;
    this.#make = make;
  }

  /** What is wrong with an instance; undefined when its endpoint can be made. */
  problemOf(instance: TemplateInstance): string | undefined {
    const endpoint = this.#outcome(instance);
    return typeof endpoint === "string" ? endpoint : undefined;
  }

  /** @throws MediationFault when the parameters do not make an endpoint. */
  endpointOf(instance: TemplateInstance): Endpoint {
    const endpoint = this.#outcome(instance);
    if (typeof endpoint === "string") throw new MediationFault(endpoint);
    return endpoint;
  }

  #outcome(instance: TemplateInstance): Endpoint | string {
    const known = this.#made.get(instance);
    if (known !== undefined) return known;
    const made = this.#make(instance);
    this.#made.set(instance, made);
    return made;
  }
}
