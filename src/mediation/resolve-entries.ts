/**
 * Local entries and registry resources that hold a sequence or an endpoint can be used by their key like one, as in Synapse. They
 * are read when a message first asks for them; a generation reads its own.
 */
import { ConfigProblems } from "../errors/config-error.ts";
import type { ArtifactRegistry } from "./artifact-registry.ts";
import type { Endpoint } from "./endpoints/endpoint.ts";
import type { Sequence } from "./mediators/mediator.ts";
import { readEndpoint } from "./xml/read/endpoint.ts";
import { MEDIATOR_READERS } from "./xml/read/mediator-readers.ts";
import { ReadContext } from "./xml/read/read-context.ts";
import { readFlow } from "./xml/read/sequence.ts";

/** The sequence of that name or key; a named one comes first. Undefined: there is none, or it is faulty. */
export function sequenceBy(key: string, registry: ArtifactRegistry): Sequence | undefined {
  const named = registry.sequences.get(key);
  if (named) return named;
  const resource = registry.resource(key);
  if (resource?.element?.name !== "sequence") return undefined;
  const known = registry.sequences.get(resource.key);
  if (known) return known;
  const context = new ReadContext(new ConfigProblems(), MEDIATOR_READERS);
  const sequence = readFlow(resource.element, resource.key, context);
  return keptUnlessFaulty(registry.sequences, resource.key, sequence, context);
}

/** The endpoint of that name or key, likewise. */
export function endpointBy(key: string, registry: ArtifactRegistry): Endpoint | undefined {
  const named = registry.endpoints.get(key);
  if (named) return named;
  const resource = registry.resource(key);
  if (resource?.element?.name !== "endpoint") return undefined;
  const known = registry.endpoints.get(resource.key);
  if (known) return known;
  const context = new ReadContext(new ConfigProblems(), MEDIATOR_READERS);
  const endpoint = readEndpoint(resource.element, context);
  return endpoint && keptUnlessFaulty(registry.endpoints, resource.key, endpoint, context);
}

function keptUnlessFaulty<Item>(
  items: Map<string, Item>,
  key: string,
  item: Item,
  { problems }: ReadContext,
): Item | undefined {
  if (problems.errors.length > 0) return undefined;
  items.set(key, item);
  return item;
}
