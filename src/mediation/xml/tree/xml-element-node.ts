/** Elements of payloads, as DOM level 2 Core has them. Their names are shared with all elements of the same name. */
import { AttributeList } from "./attribute-list.ts";
import {
  qualifiedName,
  type QualifiedName,
  XML_NAMESPACE,
  XMLNS_NAMESPACE,
} from "./qualified-name.ts";
import { XmlAttributeNode } from "./xml-attribute-node.ts";
import type { XmlDocument } from "./xml-document.ts";
import { NODE_TYPE, XmlNode } from "./xml-node.ts";

export class XmlElementNode extends XmlNode {
  readonly qualifiedName: QualifiedName;
  override readonly ownerDocument: XmlDocument | null;
  #attributes: AttributeList = AttributeList.NONE;

  constructor(name: QualifiedName, owner: XmlDocument | null) {
    super(NODE_TYPE.element);
    this.qualifiedName = name;
    this.ownerDocument = owner;
  }

  override get nodeName(): string {
    return this.qualifiedName.nodeName;
  }

  get tagName(): string {
    return this.qualifiedName.nodeName;
  }

  get prefix(): string | null {
    return this.qualifiedName.prefix;
  }

  get localName(): string | null {
    return this.qualifiedName.localName;
  }

  get namespaceURI(): string | null {
    return this.qualifiedName.namespaceURI;
  }

  /** Changes with the element only until the next change of an attribute: ask again. */
  get attributes(): AttributeList {
    return this.#attributes;
  }

  /** For builders of new trees: gives a new element its attributes, whose names differ. */
  setNewAttributes(names: readonly QualifiedName[], values: readonly string[]): void {
    const items = names.map((name, at) => new XmlAttributeNode(name, values[at] ?? "", this));
    this.#attributes = new AttributeList(items);
  }

  /** Null where there is none of that qualified name. */
  getAttribute(name: string): string | null {
    return this.#attributes.named(name)?.value ?? null;
  }

  getAttributeNS(namespace: string | null, local: string): string | null {
    return this.#attributes.find(namespace || null, local)?.value ?? null;
  }

  hasAttribute(name: string): boolean {
    return this.#attributes.named(name) !== undefined;
  }

  /** Sets the attribute of that qualified name; a new one is in no namespace. */
  setAttribute(name: string, value: string): void {
    const found = this.#attributes.named(name);
    if (found) found.value = value;
    else this.setAttributeNS(null, name, value);
  }

  /** @throws MediationFault when the name is no qualified name. */
  setAttributeNS(namespace: string | null, name: string, value: string): void {
    const isDeclaration = name === "xmlns" || name.startsWith("xmlns:");
    const asked = qualifiedName(isDeclaration ? XMLNS_NAMESPACE : namespace, name);
    const found = this.#attributes.find(asked.namespaceURI, asked.localName);
    if (found) found.value = value;
    else this.#attributes = this.#attributes.with(new XmlAttributeNode(asked, value, this));
  }

  /** Takes over name and value of an attribute that was made alone. */
  setAttributeNode(attribute: XmlAttributeNode): void {
    this.setAttributeNS(attribute.namespaceURI, attribute.name, attribute.value);
  }

  override lookupNamespaceURI(prefix: string | null): string | null {
    const wanted = prefix ?? "";
    if (wanted === "xml") return XML_NAMESPACE;
    const { parentNode, qualifiedName: own } = this;
    if (own.namespaceURI !== null && (own.prefix ?? "") === wanted) return own.namespaceURI;
    const declared = this.getAttribute(wanted === "" ? "xmlns" : `xmlns:${wanted}`);
    if (declared !== null) return declared || null;
    return parentNode instanceof XmlElementNode ? parentNode.lookupNamespaceURI(wanted) : null;
  }

  override copyAlone(owner: XmlDocument | null): XmlElementNode {
    const copy = new XmlElementNode(this.qualifiedName, owner);
    if (this.#attributes.length > 0) copy.#attributes = this.#attributes.copyFor(copy);
    return copy;
  }
}
