/** One compiled generation of artifacts: the engine that the worker hands requests to. Immutable. */
import { randomUUID } from "node:crypto";
import { messageOf } from "../errors/app-error.ts";
import { systemClock } from "../runtime/clock.ts";
import type { ArtifactRegistry } from "./artifact-registry.ts";
import type {
  ArtifactSummary,
  Engine,
  EngineOptions,
  ServiceRequest,
  ServiceResponse,
} from "./engine.ts";
import type { Job } from "./jobs/job.ts";
import type { Environment } from "./message/environment.ts";
import { dispatch, type DispatchOptions } from "./run/dispatch.ts";

export class SynapseEngine implements Engine {
  readonly artifacts: readonly ArtifactSummary[];
  readonly #dispatch: DispatchOptions;
  readonly #jobs: readonly Job[];

  constructor(registry: ArtifactRegistry, options: EngineOptions) {
    this.artifacts = registry.summaries;
    this.#jobs = registry.jobs;
    this.#dispatch = { services: registry.services, environment: environmentOf(registry, options) };
  }

  async handle(request: ServiceRequest): Promise<ServiceResponse> {
    try {
      return await dispatch(request, this.#dispatch);
    } catch (error) {
      this.#dispatch.environment.log.error(`Failed to process the request : ${messageOf(error)}`);
      return {
        status: 500,
        headers: [["Content-Type", "text/plain; charset=UTF-8"]],
        body: Buffer.from("Failed to process the request\n"),
      };
    }
  }

  async activate(): Promise<void> {
    for (const job of this.#jobs) {
      try {
        await job.start();
      } catch (error) {
        this.#dispatch.environment.log.error(`Cannot start ${job.name}: ${messageOf(error)}`);
      }
    }
  }

  async retire(): Promise<void> {
    await Promise.all(this.#jobs.map((job) => job.stop()));
  }
}

function environmentOf(registry: ArtifactRegistry, options: EngineOptions): Environment {
  return {
    log: options.log.child("Mediation"),
    mediatorLog: options.log.child("LogMediator"),
    clock: options.clock ?? systemClock,
    systemProperties: options.systemProperties,
    callEndpoint: options.callEndpoint,
    newMessageId: options.newMessageId ?? (() => `urn:uuid:${randomUUID()}`),
    sequence: (key) => registry.sequences.get(key),
    endpoint: (key) => registry.endpoints.get(key),
    localEntry: (key) => registry.localEntries.get(key),
    resource: (key) => registry.resource(key),
  };
}
