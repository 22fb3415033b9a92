/**
 * Whose the names of a deployment are, while its registry is made. A second artifact of the same kind and name, a second API of
 * the same address and a second resource of the same path are errors.
 */
import type { ConfigProblems, SourcePlace } from "../errors/config-error.ts";
import type { Definition } from "./artifact-readers.ts";
import { ArtifactRegistry } from "./artifact-registry.ts";
import type { PlacedDefinition } from "./artifact-unit.ts";
import type { ArtifactFile, ArtifactSummary } from "./engine.ts";
import type { LocalEntry } from "./message/local-entry.ts";
import { isSameFile } from "./repository-files.ts";

export class ArtifactClaims {
  readonly registry = new ArtifactRegistry();
  readonly #resourceFiles = new Map<string, ArtifactFile>();
  readonly #claims = new Map<string, PlacedDefinition>();
  /** The names of APIs by address. */
  readonly #addresses = new Map<string, string>();
  /** Undefined: not asked for since an artifact was added. */
  #summaries: readonly ArtifactSummary[] | undefined;

  /** Artifacts in the order in which they were listed. */
  get summaries(): readonly ArtifactSummary[] {
    this.#summaries ??= Array.from(this.#claims.values(), ({ summary }) => summary);
    return this.#summaries;
  }

  /** Puts an artifact into the place of the one that has its kind, name and address. */
  replace(definition: PlacedDefinition): void {
    const { id, summary } = definition;
    const before = this.#claims.get(id)?.summary;
    const { summaries } = this;
    this.#claims.set(id, definition);
    definition.put(this.registry);
    if (before) this.#summaries = summaries.with(summaries.indexOf(before), summary);
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
    definition.put(this.registry);
    this.#summaries = undefined;
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
    this.registry.resources.set(resource.key, resource);
  }

  #addressTwin({ address, name }: Definition): string | undefined {
    const twin = address && this.#addresses.get(address.id);
    return twin === name ? undefined : twin;
  }
}

function placeText({ file, line }: SourcePlace): string {
  return `${file}:${line}`;
}
