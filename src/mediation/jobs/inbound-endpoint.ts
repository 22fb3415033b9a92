/**
 * Inbound endpoints for http and https (InboundHttpListener): a port of their own whose requests go to a sequence; those
 * whose path the dispatch.filter.pattern matches go to services and APIs first.
 */
import type { ServiceRequest, ServiceResponse, Transport } from "../engine.ts";
import { MediationFault } from "../mediation-fault.ts";
import { type InboundFlow, runInbound } from "../run/inbound-flow.ts";
import type { Job } from "./job.ts";
import type { JobFactory, JobWorld } from "./job-world.ts";

export interface InboundDefinition extends InboundFlow {
  readonly transport: Transport;
  readonly port: number;
  /** suspend="true": does not listen. */
  readonly isSuspended: boolean;
  /** dispatch.filter.pattern; undefined: only the sequence. */
  readonly dispatched: RegExp | undefined;
}

export function inboundEndpoint(definition: InboundDefinition): JobFactory {
  return (world) => new InboundJob(definition, world);
}

class InboundJob implements Job {
  readonly name: string;
  readonly #definition: InboundDefinition;
  readonly #world: JobWorld;
  #close: (() => void) | undefined;

  constructor(definition: InboundDefinition, world: JobWorld) {
    this.name = `inbound endpoint ${definition.name}`;
    this.#definition = definition;
    this.#world = world;
  }

  async start(): Promise<void> {
    const { transport, port, isSuspended, name } = this.#definition;
    const { environment, doors } = this.#world;
    if (isSuspended) {
      environment.log.info(`Inbound endpoint ${name} is suspended and does not listen`);
      return;
    }
    if (!doors)
      throw new MediationFault(`this node opens no ports for inbound endpoints (port ${port})`);
    const handle = (request: ServiceRequest): Promise<ServiceResponse> => this.#handle(request);
    this.#close = await doors.open({ title: this.name, transport, port, handle });
  }

  stop(): Promise<void> {
    this.#close?.();
    this.#close = undefined;
    return Promise.resolve();
  }

  #handle(request: ServiceRequest): Promise<ServiceResponse> {
    const { dispatched } = this.#definition;
    const inject = (given: ServiceRequest): Promise<ServiceResponse> =>
      runInbound(this.#definition, given, this.#world.environment);
    if (dispatched?.test(request.target) !== true) return inject(request);
    return this.#world.dispatch(request, inject);
  }
}
