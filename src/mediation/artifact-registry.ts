/**
 * The artifacts of one generation while they are read: by kind and name, each with the place it came from; a
 * second artifact of the same kind and name is an error.
 */
import type { XmlElement } from "../config/xml.ts";
import type { Endpoint } from "./endpoints/endpoint.ts";
import type { EndpointTemplate } from "./endpoints/endpoint-template.ts";
import type { ArtifactKind, ArtifactSummary } from "./engine.ts";
import type { InboundDefinition } from "./jobs/inbound-endpoint.ts";
import type { ProcessorDefinition } from "./jobs/message-processor.ts";
import type { TaskDefinition } from "./jobs/task.ts";
import type { SequenceTemplate } from "./mediators/sequence-template.ts";
import type { Sequence } from "./mediators/mediator.ts";
import type { LocalEntry } from "./message/local-entry.ts";
import { RepositoryFiles } from "./repository-files.ts";
import type { RemoteEntry } from "./remote-entries.ts";
import type { ProxyService } from "./services/proxy-service.ts";
import type { RestApi } from "./services/rest-api.ts";
import { registryPathOf } from "./registry-resources.ts";
import type { StoreDefinition } from "./stores/store-definition.ts";
import type { ReadContext } from "./xml/read/read-context.ts";
import { artifactText } from "./xml/write/artifact-text.ts";

/** What a name was claimed for, and where. */
interface ClaimedArtifact extends ArtifactSummary {
  readonly line: number;
  readonly element: XmlElement;
}

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
  /** The files that artifacts may name. */
  readonly files: RepositoryFiles;
  readonly #summaries = new Map<string, ClaimedArtifact>();

  constructor(files: RepositoryFiles = new RepositoryFiles([])) {
    this.files = files;
  }

  /** Artifacts in the order in which they were read. */
  get summaries(): readonly ArtifactSummary[] {
    return [...this.#summaries.values()].map(({ kind, name, path, element }) => ({
      kind,
      name,
      path,
      source: () => artifactText(element),
    }));
  }

  /** A local entry, or a registry resource by its key ("conf:/a.xslt", "gov:b.xsd"). */
  resource(key: string): LocalEntry | undefined {
    const path = registryPathOf(key);
    return (
      this.localEntries.get(key) ?? (path === undefined ? undefined : this.resources.get(path))
    );
  }

  /** Claims a name; false when it is taken (a problem was reported). */
  claim(kind: ArtifactKind, name: string, element: XmlElement, context: ReadContext): boolean {
    const id = `${kind} ${name}`;
    const first = this.#summaries.get(id);
    const { file: path, line } = element.place;
    if (!first) {
      this.#summaries.set(id, { kind, name, path, line, element });
      return true;
    }
    context.error(
      element,
      `A ${kind.replace("-", " ")} with the name ${name} is already defined in ${first.path}:${first.line}`,
    );
    return false;
  }
}
