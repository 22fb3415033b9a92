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
import { isRegistryResource, readRegistryResource } from "./registry-resources.ts";
import type { ArtifactFile, CompileResult, EngineOptions } from "./engine.ts";
import { readEndpoint } from "./xml/read/endpoint.ts";
import { readLocalEntry } from "./xml/read/local-entry.ts";
import { MEDIATOR_READERS } from "./xml/read/mediator-readers.ts";
import { readProxyService } from "./xml/read/proxy-service.ts";
import { ReadContext } from "./xml/read/read-context.ts";
import { readFlow, readSequence } from "./xml/read/sequence.ts";
import { attributeOf } from "../config/xml-query.ts";
import { SynapseEngine } from "./synapse-engine.ts";

/** Compiles one generation. Never throws for faulty artifacts. */
export function compileEngine(
  files: readonly ArtifactFile[],
  options: EngineOptions,
): CompileResult {
  const problems = new ConfigProblems();
  const context = new ReadContext(problems, MEDIATOR_READERS);
  const registry = new ArtifactRegistry();
  for (const file of files.toSorted((one, other) => (one.path < other.path ? -1 : 1)))
    readFile(file, registry, context);
  if (problems.errors.length > 0) return { kind: "faulty", problems: problems.errors };
  resolveEntries(registry);
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
    context.problems.error(place, `Artifacts of kind ${role.what} are not supported yet`);
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

const ARTIFACT_READERS: Readonly<Record<string, ArtifactReader>> = {
  definitions: (element, registry, context) => {
    for (const child of childElements(element)) readArtifact(child, registry, context);
  },
  proxy: (element, registry, context) => {
    const service = readProxyService(element, context);
    if (service && registry.claim("proxy-service", service.name, element, context))
      registry.services.set(service.name, service);
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
  localEntry: (element, registry, context) => {
    const entry = readLocalEntry(element, context);
    if (entry && registry.claim("local-entry", entry.key, element, context))
      registry.localEntries.set(entry.key, entry);
  },
};

/** Elements that configure parts of the server that Bascule does not have. */
const IGNORED_ELEMENTS: readonly string[] = ["registry", "taskManager", "description"];

function readArtifact(element: XmlElement, registry: ArtifactRegistry, context: ReadContext): void {
  if (IGNORED_ELEMENTS.includes(element.name)) return;
  const reader = Object.hasOwn(ARTIFACT_READERS, element.name)
    ? ARTIFACT_READERS[element.name]
    : undefined;
  if (reader) reader(element, registry, context);
  else context.error(element, `Artifacts of kind ${element.name} are not supported yet`);
}

/** Local entries that hold a sequence or an endpoint can be used by their key like one. */
function resolveEntries(registry: ArtifactRegistry): void {
  for (const { key, element } of registry.localEntries.values()) {
    if (!element) continue;
    const problems = new ConfigProblems();
    const context = new ReadContext(problems, MEDIATOR_READERS);
    if (element.name === "sequence" && !registry.sequences.has(key)) {
      const sequence = readFlow(element, key, context);
      if (problems.errors.length === 0) registry.sequences.set(key, sequence);
    } else if (element.name === "endpoint" && !registry.endpoints.has(key)) {
      const endpoint = readEndpoint(element, context);
      if (endpoint) registry.endpoints.set(key, endpoint);
    }
  }
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
