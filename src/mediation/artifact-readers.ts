/**
 * The reader of each kind of artifact, by the name of its element: what it defines, under which name, and how a generation
 * lists it. Definitions belong to a file and not to a generation: whoever reads them may keep them.
 */
import { attributeOf } from "../config/xml-query.ts";
import type { XmlElement } from "../config/xml.ts";
import type { ArtifactRegistry } from "./artifact-registry.ts";
import type { ArtifactKind } from "./engine.ts";
import type { LocalEntry } from "./message/local-entry.ts";
import type { RepositoryFiles } from "./repository-files.ts";
import { apiPrefix, type RestApi } from "./services/rest-api.ts";
import { readApi } from "./xml/read/api.ts";
import { isEndpointTemplate, readEndpointTemplate } from "./xml/read/endpoint-template.ts";
import { readEndpoint } from "./xml/read/endpoint.ts";
import { readInboundEndpoint } from "./xml/read/inbound-endpoint.ts";
import { readLocalEntry } from "./xml/read/local-entry.ts";
import { readMessageProcessor } from "./xml/read/message-processor.ts";
import { readMessageStore } from "./xml/read/message-store.ts";
import { readPriorityExecutor } from "./xml/read/priority-executor.ts";
import { readProxyService } from "./xml/read/proxy-service.ts";
import type { ReadContext } from "./xml/read/read-context.ts";
import { readSequenceTemplate } from "./xml/read/sequence-template.ts";
import { readSequence } from "./xml/read/sequence.ts";
import { readTask } from "./xml/read/task.ts";

/** One artifact as its file defines it. */
export interface Definition {
  readonly kind: ArtifactKind;
  readonly name: string;
  /** Lists it in a generation, once the name is its own there. */
  readonly put: (registry: ArtifactRegistry) => void;
  /** Where an API listens. */
  readonly address?: ApiAddress;
  /** The content of a local entry that is in place. */
  readonly entry?: LocalEntry;
}

/** Two APIs of one address would take each other's requests. */
export interface ApiAddress {
  readonly prefix: string;
  /** Prefix, host, port and transport. */
  readonly id: string;
}

type ArtifactReader = (
  element: XmlElement,
  context: ReadContext,
  files: RepositoryFiles,
) => Definition | undefined;

/** Read and listed: messages need no threads here. */
const readExecutor: ArtifactReader = (element, context) => {
  const name = readPriorityExecutor(element, context);
  return name === undefined ? undefined : { kind: "priority-executor", name, put: () => undefined };
};

const READERS: Readonly<Record<string, ArtifactReader>> = {
  proxy: (element, context, files) => {
    const service = readProxyService(element, files, context);
    if (!service) return undefined;
    const put = (registry: ArtifactRegistry): void => registry.putService(service);
    return { kind: "proxy-service", name: service.name, put };
  },
  api: (element, context) => {
    const api = readApi(element, context);
    return api && { ...listed("api", api, ({ apis }) => apis), address: addressOf(api) };
  },
  sequence: (element, context) => {
    const sequence = readSequence(element, context);
    return sequence && listed("sequence", sequence, ({ sequences }) => sequences);
  },
  endpoint: readNamedEndpoint,
  template: (element, context) => {
    if (isEndpointTemplate(element)) {
      const made = readEndpointTemplate(element, context);
      return made && listed("template", made, ({ endpointTemplates }) => endpointTemplates);
    }
    const template = readSequenceTemplate(element, context);
    return template && listed("template", template, ({ templates }) => templates);
  },
  localEntry: readEntry,
  messageStore: (element, context) => {
    const store = readMessageStore(element, context);
    return store && listed("message-store", store, ({ stores }) => stores);
  },
  messageProcessor: (element, context) => {
    const processor = readMessageProcessor(element, context);
    return processor && listed("message-processor", processor, ({ processors }) => processors);
  },
  task: (element, context) => {
    const task = readTask(element, context);
    return task && listed("task", task, ({ tasks }) => tasks);
  },
  inboundEndpoint: (element, context) => {
    const inbound = readInboundEndpoint(element, context);
    return (
      inbound && listed("inbound-endpoint", inbound, ({ inboundEndpoints }) => inboundEndpoints)
    );
  },
  "priority-executor": readExecutor,
  priorityExecutor: readExecutor,
};

/** What does the work of artifacts that are refused. */
const REFUSED_ARTIFACTS: Readonly<Record<string, string>> = {
  import:
    "connectors are Java archives: call the service's own HTTP interface with call and an http endpoint",
  eventSource: "use a proxy service with clone or an endpoint with recipientlist for subscribers",
};

/** Elements that configure parts of the server that Bascule does not have. */
const IGNORED_ELEMENTS: readonly string[] = ["registry", "taskManager", "description"];

/** The definition of an element; undefined when it is faulty (a problem was reported) or defines nothing. */
export function readDefinition(
  element: XmlElement,
  context: ReadContext,
  files: RepositoryFiles,
): Definition | undefined {
  if (IGNORED_ELEMENTS.includes(element.name)) return undefined;
  const reader = Object.hasOwn(READERS, element.name) ? READERS[element.name] : undefined;
  context.tracer = tracerOf(element);
  if (reader) return reader(element, context, files);
  return context.error(element, refusalOf(element.name));
}

function refusalOf(kind: string): string {
  const sentence = `Artifacts of kind ${kind} are not supported`;
  const instead = Object.hasOwn(REFUSED_ARTIFACTS, kind) ? REFUSED_ARTIFACTS[kind] : undefined;
  return instead === undefined ? sentence : `${sentence}: ${instead}`;
}

function listed<Item extends { readonly name: string }>(
  kind: ArtifactKind,
  item: Item,
  listOf: (registry: ArtifactRegistry) => Map<string, Item>,
): Definition {
  return { kind, name: item.name, put: (registry) => listOf(registry).set(item.name, item) };
}

function readNamedEndpoint(element: XmlElement, context: ReadContext): Definition | undefined {
  const name = attributeOf(element, "name")?.trim();
  const endpoint = readEndpoint(element, context);
  if (!name)
    return context.error(element, "The 'name' attribute is required for an endpoint definition");
  return (
    endpoint && {
      kind: "endpoint",
      name,
      put: ({ endpoints }) => endpoints.set(name, endpoint),
    }
  );
}

function readEntry(
  element: XmlElement,
  context: ReadContext,
  files: RepositoryFiles,
): Definition | undefined {
  const read = readLocalEntry(element, files, context);
  if (!read) return undefined;
  const kind = "local-entry";
  if (read.kind === "entry") {
    const { entry } = read;
    const put = ({ localEntries }: ArtifactRegistry): unknown => localEntries.set(entry.key, entry);
    return { kind, name: entry.key, put, entry };
  }
  if (read.kind === "absent") return { kind, name: read.key, put: () => undefined };
  const { key, url } = read;
  return { kind, name: key, put: ({ remoteEntries }) => remoteEntries.push({ key, url }) };
}

function addressOf(api: RestApi): ApiAddress {
  const prefix = apiPrefix(api);
  const { host = "", port = "", transport = "" } = api;
  return { prefix, id: [prefix, host, port, transport].join("\n") };
}

/** A service with trace="enable"; sequences say it for themselves. */
function tracerOf(element: XmlElement): string | undefined {
  if (attributeOf(element, "trace") !== "enable") return undefined;
  return `${element.name} ${attributeOf(element, "name") ?? ""}`;
}
