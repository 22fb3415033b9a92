/** The attributes of one element in the order of the document: DOM's NamedNodeMap, as far as it is used here. */
import { XmlAttributeNode } from "./xml-attribute-node.ts";
import type { XmlElementNode } from "./xml-element-node.ts";

export class AttributeList {
  /** Of elements without any, which are most: never changed. */
  static readonly NONE = new AttributeList([]);

  readonly #items: readonly XmlAttributeNode[];

  constructor(items: readonly XmlAttributeNode[]) {
    this.#items = items;
  }

  get length(): number {
    return this.#items.length;
  }

  item(index: number): XmlAttributeNode | null {
    return this.#items[index] ?? null;
  }

  /** The attribute with that qualified name. */
  named(name: string): XmlAttributeNode | undefined {
    for (const item of this.#items) if (item.name === name) return item;
    return undefined;
  }

  /** The attribute with that namespace (null: none) and local name. */
  find(namespace: string | null, local: string): XmlAttributeNode | undefined {
    for (const item of this.#items)
      if (item.localName === local && item.namespaceURI === namespace) return item;
    return undefined;
  }

  /** A list with one more at the end. */
  with(item: XmlAttributeNode): AttributeList {
    return new AttributeList([...this.#items, item]);
  }

  copyFor(element: XmlElementNode): AttributeList {
    const copies = this.#items.map(
      ({ qualifiedName, value }) => new XmlAttributeNode(qualifiedName, value, element),
    );
    return new AttributeList(copies);
  }

  [Symbol.iterator](): ArrayIterator<XmlAttributeNode> {
    return this.#items[Symbol.iterator]();
  }
}
