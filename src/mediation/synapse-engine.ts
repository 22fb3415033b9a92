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
import { EndpointStates } from "./endpoints/endpoint-states.ts";
import { GenerationJobs } from "./jobs/generation-jobs.ts";
import { SOLE_LEASE } from "./jobs/job.ts";
import { JobMemory } from "./jobs/job-memory.ts";
import type { Environment } from "./message/environment.ts";
import { ScriptSandbox } from "./script/script-sandbox.ts";
import { SharedState } from "./shared-state.ts";
import { StoreSet } from "./stores/store-set.ts";
import { RemoteEntries } from "./remote-entries.ts";
import { resolveEntry } from "./resolve-entries.ts";
import { inOrderOfChoice } from "./services/api-choice.ts";
import { prepareServices, servicesOf } from "./services/deployed-services.ts";
import { dispatch, type DispatchOptions } from "./run/dispatch.ts";

export class SynapseEngine implements Engine {
  readonly artifacts: readonly ArtifactSummary[];
  readonly #dispatch: DispatchOptions;
  readonly #jobs: GenerationJobs;
  readonly #remoteEntries: RemoteEntries;
  /** Logs the services that run elsewhere and fetches what services publish. */
  readonly #prepare: () => Promise<void>;
  #retired = false;

  constructor(registry: ArtifactRegistry, options: EngineOptions) {
    this.artifacts = registry.summaries;
    const memory = options.jobMemory ?? new JobMemory();
    const stores = new StoreSet(registry.stores, {
      queues: memory.queues,
      log: options.log.child("MessageStore"),
      clock: options.clock ?? systemClock,
    });
    const environment = environmentOf(registry, options, stores);
    const serverName = options.serverName ?? "localhost";
    const services = servicesOf(registry.services, serverName);
    this.#dispatch = { services, apis: inOrderOfChoice(registry.apis.values()), environment };
    this.#prepare = () => prepareServices(registry.services, serverName, environment);
    this.#remoteEntries = new RemoteEntries(registry.remoteEntries, environment, (entry) => {
      registry.localEntries.set(entry.key, entry);
      resolveEntry(entry, registry);
    });
    const world = {
      environment,
      services,
      lease: options.lease ?? SOLE_LEASE,
      memory,
      doors: options.inboundDoors,
      serverName,
      dispatch: (request: ServiceRequest, fallback: DispatchOptions["fallback"]) =>
        Promise.resolve(dispatch(request, { ...this.#dispatch, fallback })),
    };
    this.#jobs = new GenerationJobs(registry, world, stores);
  }

  async handle(request: ServiceRequest): Promise<ServiceResponse> {
    try {
      if (this.#remoteEntries.isDue) await this.#remoteEntries.load();
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
    await Promise.all([this.#remoteEntries.load(), this.#prepare()]);
    if (this.#retired) return;
    await this.#jobs.activate();
  }

  retire(): Promise<void> {
    this.#retired = true;
    this.#dispatch.environment.scripts.close();
    return this.#jobs.retire();
  }
}

function environmentOf(
  registry: ArtifactRegistry,
  options: EngineOptions,
  stores: StoreSet,
): Environment {
  return {
    log: options.log.child("Mediation"),
    mediatorLog: options.log.child("LogMediator"),
    clock: options.clock ?? systemClock,
    systemProperties: options.systemProperties,
    callEndpoint: options.callEndpoint,
    bodyBytesMax: options.bodyBytesMax,
    traces: options.traces,
    newMessageId: options.newMessageId ?? (() => `urn:uuid:${randomUUID()}`),
    shared: new SharedState(),
    sql: options.sql,
    scripts: new ScriptSandbox(options.clock ?? systemClock),
    template: (name) => registry.templates.get(name),
    sequence: (key) => registry.sequences.get(key) ?? resourceOf(registry, registry.sequences, key),
    endpoint: (key) => registry.endpoints.get(key) ?? resourceOf(registry, registry.endpoints, key),
    endpointTemplate: (name) => registry.endpointTemplates.get(name),
    endpointStates: options.endpointStates ?? new EndpointStates(),
    store: (name) => stores.get(name),
    localEntry: (key) => registry.localEntries.get(key),
    resource: (key) => registry.resource(key),
  };
}

/** A registry resource that holds a sequence or an endpoint, read when it is first asked for. */
function resourceOf<T>(
  registry: ArtifactRegistry,
  artifacts: ReadonlyMap<string, T>,
  key: string,
): T | undefined {
  const resource = registry.resource(key);
  if (!resource) return undefined;
  if (!artifacts.has(resource.key)) resolveEntry(resource, registry);
  return artifacts.get(resource.key);
}
