/**
 * Artifact files → an engine, or everything that is wrong with them. Called by the manager to check a deployment and
 * by workers to make a generation. All problems of all files are collected; references between artifacts are
 * resolved when a message needs them, as Synapse does.
 */
import { childElements } from "../config/xml-query.ts";
import { parseXml, type XmlElement } from "../config/xml.ts";
import { ConfigProblems } from "../errors/config-error.ts";
import { ArtifactRegistry } from "./artifact-registry.ts";
import { roleOf } from "./artifact-files.ts";
import { DEFAULT_SEQUENCES } from "./default-sequences.ts";
import { RepositoryFiles } from "./repository-files.ts";
import { resolveEntry } from "./resolve-entries.ts";
import { apiPrefix, type RestApi } from "./services/rest-api.ts";
import { readApi } from "./xml/read/api.ts";
import { isRegistryResource, readRegistryResource } from "./registry-resources.ts";
import type { ArtifactFile, CompileResult, EngineOptions } from "./engine.ts";
import {
  checkTemplateUses,
  isEndpointTemplate,
  readEndpointTemplate,
} from "./xml/read/endpoint-template.ts";
import { readEndpoint } from "./xml/read/endpoint.ts";
import { readInboundEndpoint } from "./xml/read/inbound-endpoint.ts";
import { readLocalEntry } from "./xml/read/local-entry.ts";
import { MEDIATOR_READERS } from "./xml/read/mediator-readers.ts";
import { readMessageProcessor } from "./xml/read/message-processor.ts";
import { readMessageStore } from "./xml/read/message-store.ts";
import { readPriorityExecutor } from "./xml/read/priority-executor.ts";
import { readProxyService } from "./xml/read/proxy-service.ts";
import { ReadContext } from "./xml/read/read-context.ts";
import { readSequenceTemplate } from "./xml/read/sequence-template.ts";
import { readSequence } from "./xml/read/sequence.ts";
import { readTask } from "./xml/read/task.ts";
import { attributeOf } from "../config/xml-query.ts";
import { checkScripts } from "./script/script-check.ts";
import { SynapseEngine } from "./synapse-engine.ts";
import { warnAboutStylesheets } from "./transform/stylesheet-check.ts";

/** Compiles one generation. Never throws for faulty artifacts. */
export function compileEngine(
  files: readonly ArtifactFile[],
  options: EngineOptions,
): CompileResult {
  const problems = new ConfigProblems();
  const context = new ReadContext(problems, MEDIATOR_READERS);
  const registry = new ArtifactRegistry(new RepositoryFiles(files));
  for (const file of files.toSorted((one, other) => (one.path < other.path ? -1 : 1)))
    readFile(file, registry, context);
  checkTemplateUses(context, registry.endpointTemplates);
  checkScripts(context, registry);
  warnAboutStylesheets(registry, problems);
  if (problems.errors.length > 0) return { kind: "faulty", problems: problems.errors };
  for (const entry of registry.localEntries.values()) resolveEntry(entry, registry);
  addDefaults(registry);
  return {
    kind: "compiled",
    engine: new SynapseEngine(registry, options),
    warnings: problems.warnings,
  };
}

function readFile(file: ArtifactFile, registry: ArtifactRegistry, context: ReadContext): void {
  if (isRegistryResource(file.path)) {
    registry.resources.set(file.path, readRegistryResource(file, context.problems));
    return;
  }
  const role = roleOf(file);
  if (role.kind === "ignored") return;
  if (role.kind === "refused") {
    const place = { file: file.path, line: 1 };
    context.problems.error(place, `Artifacts of kind ${role.what} are not supported`);
    return;
  }
  try {
    readArtifact(parseXml(file.content.toString("utf8"), file.path), registry, context);
  } catch (error) {
    context.problems.addThrown(error);
  }
}

type ArtifactReader = (
  element: XmlElement,
  registry: ArtifactRegistry,
  context: ReadContext,
) => void;

/** Read and listed: messages need no threads here. */
const acceptExecutor: ArtifactReader = (element, registry, context) => {
  const name = readPriorityExecutor(element, context);
  if (name !== undefined) registry.claim("priority-executor", name, element, context);
};

const ARTIFACT_READERS: Readonly<Record<string, ArtifactReader>> = {
  definitions: (element, registry, context) => {
    for (const child of childElements(element)) readArtifact(child, registry, context);
  },
  proxy: (element, registry, context) => {
    const service = readProxyService(element, registry.files, context);
    if (service && registry.claim("proxy-service", service.name, element, context))
      registry.services.set(service.name, service);
  },
  api: (element, registry, context) => {
    const api = readApi(element, context);
    if (api && claimContext(api, element, registry, context)) registry.apis.set(api.name, api);
  },
  sequence: (element, registry, context) => {
    const sequence = readSequence(element, context);
    if (sequence && registry.claim("sequence", sequence.name, element, context))
      registry.sequences.set(sequence.name, sequence);
  },
  endpoint: (element, registry, context) => {
    const name = attributeOf(element, "name")?.trim();
    const endpoint = readEndpoint(element, context);
    if (!name)
      context.error(element, "The 'name' attribute is required for an endpoint definition");
    else if (endpoint && registry.claim("endpoint", name, element, context))
      registry.endpoints.set(name, endpoint);
  },
  template: (element, registry, context) => {
    if (isEndpointTemplate(element)) {
      const template = readEndpointTemplate(element, context);
      if (template && registry.claim("template", template.name, element, context))
        registry.endpointTemplates.set(template.name, template);
      return;
    }
    const template = readSequenceTemplate(element, context);
    if (template && registry.claim("template", template.name, element, context))
      registry.templates.set(template.name, template);
  },
  localEntry: (element, registry, context) => {
    const read = readLocalEntry(element, registry.files, context);
    const key = read?.kind === "entry" ? read.entry.key : read?.key;
    if (!read || key === undefined || !registry.claim("local-entry", key, element, context)) return;
    if (read.kind === "entry") registry.localEntries.set(key, read.entry);
    if (read.kind === "remote") registry.remoteEntries.push(read);
  },
  messageStore: (element, registry, context) => {
    const store = readMessageStore(element, context);
    if (store && registry.claim("message-store", store.name, element, context))
      registry.stores.set(store.name, store);
  },
  messageProcessor: (element, registry, context) => {
    const processor = readMessageProcessor(element, context);
    if (processor && registry.claim("message-processor", processor.name, element, context))
      registry.processors.set(processor.name, processor);
  },
  task: (element, registry, context) => {
    const task = readTask(element, context);
    if (task && registry.claim("task", task.name, element, context))
      registry.tasks.set(task.name, task);
  },
  inboundEndpoint: (element, registry, context) => {
    const inbound = readInboundEndpoint(element, context);
    if (inbound && registry.claim("inbound-endpoint", inbound.name, element, context))
      registry.inboundEndpoints.set(inbound.name, inbound);
  },
  "priority-executor": acceptExecutor,
  priorityExecutor: acceptExecutor,
};

/** Two APIs with one context would take each other's requests. */
function claimContext(
  api: RestApi,
  element: XmlElement,
  registry: ArtifactRegistry,
  context: ReadContext,
): boolean {
  const isTwin = ({ host, port, transport }: RestApi): boolean =>
    host === api.host && port === api.port && transport === api.transport;
  const twin = [...registry.apis.values()].find(
    (other) => apiPrefix(other) === apiPrefix(api) && isTwin(other),
  );
  if (!twin || twin.name === api.name) return registry.claim("api", api.name, element, context);
  context.error(
    element,
    `URL context: ${apiPrefix(api) || "/"} is already registered with the API: ${twin.name}`,
  );
  return false;
}

/** Elements that configure parts of the server that Bascule does not have. */
const IGNORED_ELEMENTS: readonly string[] = ["registry", "taskManager", "description"];

function readArtifact(element: XmlElement, registry: ArtifactRegistry, context: ReadContext): void {
  if (IGNORED_ELEMENTS.includes(element.name)) return;
  const reader = Object.hasOwn(ARTIFACT_READERS, element.name)
    ? ARTIFACT_READERS[element.name]
    : undefined;
  context.tracer = tracerOf(element);
  if (reader) reader(element, registry, context);
  else context.error(element, `Artifacts of kind ${element.name} are not supported`);
}

/** A service with trace="enable"; sequences say it for themselves. */
function tracerOf(element: XmlElement): string | undefined {
  if (attributeOf(element, "trace") !== "enable") return undefined;
  return `${element.name} ${attributeOf(element, "name") ?? ""}`;
}

function addDefaults(registry: ArtifactRegistry): void {
  const problems = new ConfigProblems();
  const context = new ReadContext(problems, MEDIATOR_READERS);
  for (const element of childElements(parseXml(DEFAULT_SEQUENCES, "default sequences"))) {
    const sequence = readSequence(element, context);
    if (sequence && !registry.sequences.has(sequence.name))
      registry.sequences.set(sequence.name, sequence);
  }
  problems.throwIfErrors();
}
