/**
 * The order of nodes in their documents, for the time of one XPath evaluation, in which no tree changes: each tree is
 * numbered once, so that a message of many elements costs no more than a walk over it. The library's own
 * order compares nodes two by two, which takes seconds for some hundred siblings.
 */
import { isElement, type XmlNode } from "./dom.ts";

export class DocumentOrder {
  readonly #positions = new Map<XmlNode, number>();

  /** The nodes in document order; trees follow each other in the order in which they were first seen. */
  sorted(nodes: readonly XmlNode[]): XmlNode[] {
    if (nodes.length < 2) return [...nodes];
    return nodes.toSorted((one, other) => this.#positionOf(one) - this.#positionOf(other));
  }

  #positionOf(node: XmlNode): number {
    // A namespace node is not in the tree; it stands where its element does.
    const inTree = "baseNode" in node && "ownerElement" in node ? elementOf(node) : node;
    if (!this.#positions.has(inTree)) this.#number(topOf(inTree));
    return this.#positions.get(inTree) ?? 0;
  }

  #number(top: XmlNode): void {
    let node: XmlNode | null = top;
    while (node) {
      this.#positions.set(node, this.#positions.size);
      if (isElement(node))
        for (const attribute of node.attributes)
          this.#positions.set(attribute, this.#positions.size);
      node = node.firstChild ?? following(node, top);
    }
  }
}

/** The next node behind everything inside `node`. */
function following(node: XmlNode, top: XmlNode): XmlNode | null {
  for (let at: XmlNode | null = node; at && at !== top; at = at.parentNode)
    if (at.nextSibling) return at.nextSibling;
  return null;
}

function topOf(node: XmlNode): XmlNode {
  let top = elementOf(node);
  while (top.parentNode) top = top.parentNode;
  return top;
}

/** The element of an attribute or a namespace node; any other node itself. */
function elementOf(node: XmlNode): XmlNode {
  return "ownerElement" in node ? ((node.ownerElement as XmlNode | null) ?? node) : node;
}
