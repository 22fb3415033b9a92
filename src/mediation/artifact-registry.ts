/**
 * The artifacts of one generation while they are read: by kind and name, each with the place it came from; a
 * second artifact of the same kind and name is an error.
 */
import type { XmlElement } from "../config/xml.ts";
import type { Endpoint } from "./endpoints/endpoint.ts";
import type { ArtifactKind, ArtifactSummary } from "./engine.ts";
import type { Job } from "./jobs/job.ts";
import type { Sequence } from "./mediators/mediator.ts";
import type { LocalEntry } from "./message/local-entry.ts";
import type { ProxyService } from "./services/proxy-service.ts";
import { registryPathOf } from "./registry-resources.ts";
import type { ReadContext } from "./xml/read/read-context.ts";

export class ArtifactRegistry {
  readonly services = new Map<string, ProxyService>();
  readonly sequences = new Map<string, Sequence>();
  readonly endpoints = new Map<string, Endpoint>();
  readonly localEntries = new Map<string, LocalEntry>();
  /** What runs by itself. */
  readonly jobs: Job[] = [];
  /** Registry resources by their path in the repository. */
  readonly resources = new Map<string, LocalEntry>();
  readonly #summaries = new Map<string, ArtifactSummary & { readonly line: number }>();

  /** Artifacts in the order in which they were read. */
  get summaries(): readonly ArtifactSummary[] {
    return [...this.#summaries.values()].map(({ kind, name, path }) => ({ kind, name, path }));
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
      this.#summaries.set(id, { kind, name, path, line });
      return true;
    }
    context.error(
      element,
      `A ${kind.replace("-", " ")} with the name ${name} is already defined in ${first.path}:${first.line}`,
    );
    return false;
  }
}
