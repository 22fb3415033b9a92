/**
 * The artifacts of one generation by kind and name, and the registry resources by path. A second artifact of the same kind
 * and name, a second API of the same address and a second resource of the same path are errors.
 */
import type { ConfigProblems, SourcePlace } from "../errors/config-error.ts";
import type { Definition } from "./artifact-readers.ts";
import type { PlacedDefinition } from "./artifact-unit.ts";
import type { Endpoint } from "./endpoints/endpoint.ts";
import type { EndpointTemplate } from "./endpoints/endpoint-template.ts";
import type { ArtifactFile, ArtifactSummary } from "./engine.ts";
import type { InboundDefinition } from "./jobs/inbound-endpoint.ts";
import type { ProcessorDefinition } from "./jobs/message-processor.ts";
import type { TaskDefinition } from "./jobs/task.ts";
import type { SequenceTemplate } from "./mediators/sequence-template.ts";
import type { Sequence } from "./mediators/mediator.ts";
import type { LocalEntry } from "./message/local-entry.ts";
import type { RemoteEntry } from "./remote-entries.ts";
import { isSameFile } from "./repository-files.ts";
import type { ProxyService } from "./services/proxy-service.ts";
import type { RestApi } from "./services/rest-api.ts";
import { registryPathOf } from "./registry-resources.ts";
import type { StoreDefinition } from "./stores/store-definition.ts";

export class ArtifactRegistry {
  readonly services = new Map<string, ProxyService>();
  readonly apis = new Map<string, RestApi>();
  readonly sequences = new Map<string, Sequence>();
  /** Sequence templates. */
  readonly templates = new Map<string, SequenceTemplate>();
  readonly endpoints = new Map<string, Endpoint>();
  readonly endpointTemplates = new Map<string, EndpointTemplate>();
  readonly localEntries = new Map<string, LocalEntry>();
  /** Local entries that lie on a web server. */
  readonly remoteEntries: RemoteEntry[] = [];
  readonly stores = new Map<string, StoreDefinition>();
  readonly processors = new Map<string, ProcessorDefinition>();
  readonly tasks = new Map<string, TaskDefinition>();
  readonly inboundEndpoints = new Map<string, InboundDefinition>();
  /** Registry resources by their path in the repository. */
  readonly resources = new Map<string, LocalEntry>();
  readonly #resourceFiles = new Map<string, ArtifactFile>();
  readonly #claims = new Map<string, PlacedDefinition>();
  /** The names of APIs by address. */
  readonly #addresses = new Map<string, string>();

  /** Artifacts in the order in which they were listed. */
  get summaries(): readonly ArtifactSummary[] {
    return Array.from(this.#claims.values(), ({ summary }) => summary);
  }

  /** A local entry, or a registry resource by its key ("conf:/a.xslt", "gov:b.xsd"). */
  resource(key: string): LocalEntry | undefined {
    const path = registryPathOf(key);
    return (
      this.localEntries.get(key) ?? (path === undefined ? undefined : this.resources.get(path))
    );
  }

  /** Lists an artifact, or reports why it cannot be. */
  add(definition: PlacedDefinition, problems: ConfigProblems): void {
    const { id, kind, name, element } = definition;
    const twin = this.#addressTwin(definition);
    if (twin !== undefined)
      problems.error(
        element.place,
        `URL context: ${definition.address?.prefix || "/"} is already registered with the API: ${twin}`,
      );
    if (twin !== undefined) return;
    const first = this.#claims.get(id);
    if (first)
      problems.error(
        element.place,
        `A ${kind.replace("-", " ")} with the name ${name} is already defined in ${placeText(first.element.place)}`,
      );
    if (first) return;
    this.#claims.set(id, definition);
    if (definition.address) this.#addresses.set(definition.address.id, name);
    definition.put(this);
  }

  /** Applications may bring the same resource as another or as the repository, as long as it is the same. */
  addResource(resource: LocalEntry, file: ArtifactFile, problems: ConfigProblems): void {
    const first = this.#resourceFiles.get(resource.key);
    if (first && !isSameFile(first, file))
      problems.error(
        { file: file.path, line: 1 },
        `The registry resource ${resource.key} is already defined in ${first.path}, with another content`,
      );
    if (first) return;
    this.#resourceFiles.set(resource.key, file);
    this.resources.set(resource.key, resource);
  }

  #addressTwin({ address, name }: Definition): string | undefined {
    const twin = address && this.#addresses.get(address.id);
    return twin === name ? undefined : twin;
  }
}

function placeText({ file, line }: SourcePlace): string {
  return `${file}:${line}`;
}
