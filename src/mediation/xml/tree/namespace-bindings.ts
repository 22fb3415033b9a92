/**
 * The namespaces in scope while a document is read or written (Namespaces in XML 1.0, section 6): one table of what
 * holds here, and a journal to go back when an element ends, so that a look-up costs the same at any depth.
 */
import { XML_NAMESPACE, XMLNS_NAMESPACE } from "./qualified-name.ts";

export class NamespaceBindings {
  readonly #uris = new Map<string, string>([
    ["", ""],
    ["xml", XML_NAMESPACE],
    ["xmlns", XMLNS_NAMESPACE],
  ]);
  readonly #journal: (readonly [prefix: string, before: string | undefined])[] = [];

  /** What to give to `restore` later. */
  get mark(): number {
    return this.#journal.length;
  }

  /** Undefined: not declared. "" stands for no namespace, and as prefix for the default namespace. */
  uriOf(prefix: string): string | undefined {
    return this.#uris.get(prefix);
  }

  /** A prefix that stands for `uri`, not the empty one. */
  prefixOf(uri: string): string | undefined {
    for (const [prefix, known] of this.#uris) if (known === uri && prefix !== "") return prefix;
    return undefined;
  }

  declare(prefix: string, uri: string): void {
    this.#journal.push([prefix, this.#uris.get(prefix)]);
    this.#uris.set(prefix, uri);
  }

  /** Forgets what was declared since `mark`. */
  restore(mark: number): void {
    while (this.#journal.length > mark) {
      const [prefix, before] = this.#journal.pop() ?? ["", ""];
      if (before === undefined) this.#uris.delete(prefix);
      else this.#uris.set(prefix, before);
    }
  }
}
