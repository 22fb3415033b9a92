/**
 * The artifacts of one generation by kind and name, and the registry resources by path: what messages and jobs look up. Which
 * artifact a name belongs to is settled before (artifact-claims.ts).
 */
import type { Endpoint } from "./endpoints/endpoint.ts";
import type { EndpointTemplate } from "./endpoints/endpoint-template.ts";
import type { InboundDefinition } from "./jobs/inbound-endpoint.ts";
import type { ProcessorDefinition } from "./jobs/message-processor.ts";
import type { TaskDefinition } from "./jobs/task.ts";
import type { SequenceTemplate } from "./mediators/sequence-template.ts";
import type { Sequence } from "./mediators/mediator.ts";
import type { LocalEntry } from "./message/local-entry.ts";
import type { RemoteEntry } from "./remote-entries.ts";
import { needsPreparing } from "./services/deployed-services.ts";
import type { ProxyService } from "./services/proxy-service.ts";
import type { RestApi } from "./services/rest-api.ts";
import { registryPathOf } from "./registry-place.ts";
import type { StoreDefinition } from "./stores/store-definition.ts";

export class ArtifactRegistry {
  readonly services: Map<string, ProxyService>;
  /** Of the services those with which something must be done before the first message. */
  readonly preparedServices: Map<string, ProxyService>;
  readonly apis: Map<string, RestApi>;
  readonly sequences: Map<string, Sequence>;
  /** Sequence templates. */
  readonly templates: Map<string, SequenceTemplate>;
  readonly endpoints: Map<string, Endpoint>;
  readonly endpointTemplates: Map<string, EndpointTemplate>;
  readonly localEntries: Map<string, LocalEntry>;
  /** Local entries that lie on a web server. */
  readonly remoteEntries: RemoteEntry[];
  readonly stores: Map<string, StoreDefinition>;
  readonly processors: Map<string, ProcessorDefinition>;
  readonly tasks: Map<string, TaskDefinition>;
  readonly inboundEndpoints: Map<string, InboundDefinition>;
  /** Registry resources by their path in the repository. */
  readonly resources: Map<string, LocalEntry>;

  /** @param other what the registry begins with; it stays as it is. */
  constructor(other?: ArtifactRegistry) {
    this.services = new Map(other?.services);
    this.preparedServices = new Map(other?.preparedServices);
    this.apis = new Map(other?.apis);
    this.sequences = new Map(other?.sequences);
    this.templates = new Map(other?.templates);
    this.endpoints = new Map(other?.endpoints);
    this.endpointTemplates = new Map(other?.endpointTemplates);
    this.localEntries = new Map(other?.localEntries);
    this.remoteEntries = [...(other?.remoteEntries ?? [])];
    this.stores = new Map(other?.stores);
    this.processors = new Map(other?.processors);
    this.tasks = new Map(other?.tasks);
    this.inboundEndpoints = new Map(other?.inboundEndpoints);
    this.resources = new Map(other?.resources);
  }

  /** Lists a service, in the place of one of its name. */
  putService(service: ProxyService): void {
    const { name } = service;
    this.services.set(name, service);
    if (needsPreparing(service)) this.preparedServices.set(name, service);
    else this.preparedServices.delete(name);
  }

  /** A local entry, or a registry resource by its key ("conf:/a.xslt", "gov:b.xsd"). */
  resource(key: string): LocalEntry | undefined {
    const path = registryPathOf(key);
    return (
      this.localEntries.get(key) ?? (path === undefined ? undefined : this.resources.get(path))
    );
  }
}
