/** Local entries that hold a sequence or an endpoint can be used by their key like one, as in Synapse. */
import { ConfigProblems } from "../errors/config-error.ts";
import type { ArtifactRegistry } from "./artifact-registry.ts";
import type { LocalEntry } from "./message/local-entry.ts";
import { readEndpoint } from "./xml/read/endpoint.ts";
import { MEDIATOR_READERS } from "./xml/read/mediator-readers.ts";
import { ReadContext } from "./xml/read/read-context.ts";
import { readFlow } from "./xml/read/sequence.ts";

/** A faulty one stays an entry; a name that is taken stays what it is. */
export function resolveEntry({ key, element }: LocalEntry, registry: ArtifactRegistry): void {
  if (!element) return;
  const problems = new ConfigProblems();
  const context = new ReadContext(problems, MEDIATOR_READERS);
  if (element.name === "sequence" && !registry.sequences.has(key)) {
    const sequence = readFlow(element, key, context);
    if (problems.errors.length === 0) registry.sequences.set(key, sequence);
  } else if (element.name === "endpoint" && !registry.endpoints.has(key)) {
    const endpoint = readEndpoint(element, context);
    if (endpoint && problems.errors.length === 0) registry.endpoints.set(key, endpoint);
  }
}
