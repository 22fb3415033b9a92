/** Documents of payloads, and the makers of new nodes: what DOM level 2 Core gives to interface Document. */
import { MediationFault } from "../../mediation-fault.ts";
import { qualifiedName } from "./qualified-name.ts";
import { XmlAttributeNode } from "./xml-attribute-node.ts";
import { XmlCharacterNode } from "./xml-character-node.ts";
import { XmlElementNode } from "./xml-element-node.ts";
import { copyOf, NODE_TYPE, nodeAfter, XmlNode } from "./xml-node.ts";

export class XmlDocument extends XmlNode {
  override readonly ownerDocument = null;

  constructor() {
    super(NODE_TYPE.document);
  }

  override get nodeName(): string {
    return "#document";
  }

  get documentElement(): XmlElementNode | null {
    for (let node = this.firstChild; node; node = node.nextSibling)
      if (node instanceof XmlElementNode) return node;
    return null;
  }

  override lookupNamespaceURI(prefix: string | null): string | null {
    return this.documentElement?.lookupNamespaceURI(prefix) ?? null;
  }

  createDocument(): XmlDocument {
    return new XmlDocument();
  }

  createElement(name: string): XmlElementNode {
    return this.createElementNS(null, name);
  }

  /** @throws MediationFault when the name is no qualified name, or has a prefix but no namespace. */
  createElementNS(namespace: string | null, name: string): XmlElementNode {
    if (name.startsWith("xmlns:")) throw new MediationFault(`"${name}" cannot name an XML element`);
    return new XmlElementNode(qualifiedName(namespace, name), this);
  }

  /** An attribute outside any element. @throws MediationFault as `createElementNS`. */
  createAttributeNS(namespace: string | null, name: string): XmlAttributeNode {
    return new XmlAttributeNode(qualifiedName(namespace, name), "", null);
  }

  createTextNode(data: string): XmlCharacterNode {
    return new XmlCharacterNode(NODE_TYPE.text, this, data);
  }

  createCDATASection(data: string): XmlCharacterNode {
    return new XmlCharacterNode(NODE_TYPE.cdata, this, data);
  }

  /** @throws MediationFault when the text cannot stand in a comment. */
  createComment(data: string): XmlCharacterNode {
    if (data.includes("--") || data.endsWith("-"))
      throw new MediationFault('The text of an XML comment cannot hold "--" or end with "-"');
    return new XmlCharacterNode(NODE_TYPE.comment, this, data);
  }

  /** @throws MediationFault when the target is no name, is "xml", or the text holds "?>". */
  createProcessingInstruction(target: string, data: string): XmlCharacterNode {
    const isName = qualifiedName(null, target).localName.toLowerCase() !== "xml";
    if (!isName || data.includes("?>"))
      throw new MediationFault(`<?${target} ${data}?> is no XML processing instruction`);
    return new XmlCharacterNode(NODE_TYPE.instruction, this, data, target);
  }

  /** A copy of a node of any document, outside any parent. */
  importNode(node: XmlNode, deep: boolean): XmlNode {
    return copyOf(node, this, deep);
  }

  /** All elements of that name, in document order; a list that does not change with the document. */
  getElementsByTagNameNS(namespace: string, local: string): XmlElementNode[] {
    const found: XmlElementNode[] = [];
    for (let node = nodeAfter(this, this); node; node = nodeAfter(node, this))
      if (
        node instanceof XmlElementNode &&
        node.localName === local &&
        (node.namespaceURI ?? "") === namespace
      )
        found.push(node);
    return found;
  }

  override copyAlone(): XmlDocument {
    return new XmlDocument();
  }
}
