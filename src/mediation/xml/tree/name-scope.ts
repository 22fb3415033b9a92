/**
 * The names in the start tags of one document (Namespaces in XML 1.0): declarations take effect for the element that bears
 * them, then element and attributes get their namespaces. Names that were seen in the same scope are
 * taken from a table, so a document of a thousand equal elements has its name taken apart once.
 */
import { NamespaceBindings } from "./namespace-bindings.ts";
import {
  type QualifiedName,
  splitReadName,
  XML_NAMESPACE,
  XMLNS_NAMESPACE,
} from "./qualified-name.ts";

interface KnownNames {
  readonly elements: Map<string, QualifiedName>;
  readonly attributes: Map<string, QualifiedName>;
}

/** What was known outside an element that declares namespaces. */
interface OuterScope {
  readonly known: KnownNames;
  readonly mark: number;
}

/** A sentence about what is wrong. */
export type NameProblem = string;

export class NameScope {
  readonly #bindings = new NamespaceBindings();
  readonly #outer: OuterScope[] = [];
  #known: KnownNames = { elements: new Map(), attributes: new Map() };

  /** Begins the scope of an element with declarations; `close` ends it. */
  open(): void {
    this.#outer.push({ known: this.#known, mark: this.#bindings.mark });
    this.#known = { elements: new Map(), attributes: new Map() };
  }

  close(): void {
    const outer = this.#outer.pop();
    if (!outer) return;
    this.#known = outer.known;
    this.#bindings.restore(outer.mark);
  }

  /** Takes in xmlns="uri" or xmlns:prefix="uri"; gives what is wrong with it (section 3 and 5). */
  declare(name: string, uri: string): NameProblem | undefined {
    const prefix = name.slice("xmlns:".length);
    if (prefix === "xmlns") return "the prefix xmlns cannot be declared";
    if ((prefix === "xml") !== (uri === XML_NAMESPACE))
      return `the prefix xml and ${XML_NAMESPACE} belong together`;
    if (uri === XMLNS_NAMESPACE) return `no prefix can stand for ${XMLNS_NAMESPACE}`;
    if (name !== "xmlns" && uri === "") return `the declaration of the prefix ${prefix} is empty`;
    this.#bindings.declare(prefix, uri);
    return undefined;
  }

  element(name: string): QualifiedName | NameProblem {
    const known = this.#known.elements.get(name);
    if (known) return known;
    if (name.startsWith("xmlns:")) return "an element cannot have the prefix xmlns";
    const found = this.#resolve(name, this.#bindings.uriOf("") ?? "");
    if (typeof found === "object") this.#known.elements.set(name, found);
    return found;
  }

  /** An attribute without a prefix is in no namespace. */
  attribute(name: string): QualifiedName | NameProblem {
    const known = this.#known.attributes.get(name);
    if (known) return known;
    const found = this.#resolve(name, name === "xmlns" ? XMLNS_NAMESPACE : "");
    if (typeof found === "object") this.#known.attributes.set(name, found);
    return found;
  }

  #resolve(name: string, unprefixed: string): QualifiedName | NameProblem {
    const parts = splitReadName(name);
    if (!parts) return `"${name}" is not a qualified name`;
    const [prefix, localName] = parts;
    const uri = prefix === "" ? unprefixed : this.#bindings.uriOf(prefix);
    if (uri === undefined) return `the prefix ${prefix} is not declared`;
    return { nodeName: name, prefix: prefix || null, localName, namespaceURI: uri || null };
  }
}
