/** One compiled generation of artifacts: the engine that the worker hands requests to. Immutable. */
import { randomUUID } from "node:crypto";
import { messageOf } from "../errors/app-error.ts";
import { systemClock } from "../runtime/clock.ts";
import type { ArtifactRegistry } from "./artifact-registry.ts";
import type {
  AppSummary,
  ArtifactSummary,
  Engine,
  EngineOptions,
  ServiceOutcome,
  ServiceRequest,
  ServiceResponse,
} from "./engine.ts";
import { EndpointStates } from "./endpoints/endpoint-states.ts";
import type { FlowMemory } from "./flow-memory.ts";
import { GenerationJobs } from "./jobs/generation-jobs.ts";
import { SOLE_LEASE } from "./jobs/job.ts";
import { JobMemory } from "./jobs/job-memory.ts";
import type { Environment } from "./message/environment.ts";
import { ScriptSandbox } from "./script/script-sandbox.ts";
import { SharedState } from "./shared-state.ts";
import { StoreSet } from "./stores/store-set.ts";
import { RemoteEntries } from "./remote-entries.ts";
import { Outcomes } from "./outcomes.ts";
import { endpointBy, sequenceBy } from "./resolve-entries.ts";
import { inOrderOfChoice } from "./services/api-choice.ts";
import { prepareServices, servicesOf } from "./services/deployed-services.ts";
import { dispatch, type DispatchOptions } from "./run/dispatch.ts";

interface GenerationOptions extends EngineOptions {
  /** Of the compiler, for all its generations. */
  readonly flowMemory: FlowMemory;
}

export class SynapseEngine implements Engine {
  readonly artifacts: readonly ArtifactSummary[];
  readonly apps: readonly AppSummary[];
  readonly #dispatch: DispatchOptions;
  readonly #jobs: GenerationJobs;
  readonly #remoteEntries: RemoteEntries;
  /** Logs the services that run elsewhere and fetches what services publish. */
  readonly #prepare: () => Promise<void>;
  #retired = false;

  constructor(
    registry: ArtifactRegistry,
    { artifacts, apps }: Pick<Engine, "artifacts" | "apps">,
    options: GenerationOptions,
  ) {
    this.artifacts = artifacts;
    this.apps = apps;
    const memory = options.jobMemory ?? new JobMemory();
    const stores = new StoreSet(registry.stores, {
      queues: memory.queues,
      log: options.log.child("MessageStore"),
      clock: options.clock ?? systemClock,
    });
    const environment = environmentOf(registry, options, stores);
    const serverName = options.serverName ?? "localhost";
    const services = servicesOf(registry.services, registry.preparedServices, serverName);
    this.#dispatch = { services, apis: inOrderOfChoice(registry.apis.values()), environment };
    this.#prepare = () => prepareServices(registry.preparedServices, serverName, environment);
    this.#remoteEntries = new RemoteEntries(registry.remoteEntries, environment, (entry) => {
      registry.localEntries.set(entry.key, entry);
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

  outcomes(): readonly ServiceOutcome[] {
    const { services, apis, environment } = this.#dispatch;
    return environment.outcomes.list(services.values(), apis);
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
  options: GenerationOptions,
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
    shared: new SharedState(options.flowMemory),
    outcomes: new Outcomes(),
    sql: options.sql,
    scripts: new ScriptSandbox(options.clock ?? systemClock),
    template: (name) => registry.templates.get(name),
    sequence: (key) => sequenceBy(key, registry),
    endpoint: (key) => endpointBy(key, registry),
    endpointTemplate: (name) => registry.endpointTemplates.get(name),
    endpointStates: options.endpointStates ?? new EndpointStates(),
    store: (name) => stores.get(name),
    localEntry: (key) => registry.localEntries.get(key),
    resource: (key) => registry.resource(key),
  };
}
