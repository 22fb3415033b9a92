/** Attributes of payload elements, declarations of namespaces among them, as DOM level 2 Core has them. */
import type { QualifiedName } from "./qualified-name.ts";
import type { XmlDocument } from "./xml-document.ts";
import type { XmlElementNode } from "./xml-element-node.ts";
import { NODE_TYPE, XmlNode } from "./xml-node.ts";

export class XmlAttributeNode extends XmlNode {
  readonly qualifiedName: QualifiedName;
  readonly ownerElement: XmlElementNode | null;
  value: string;

  constructor(name: QualifiedName, value: string, element: XmlElementNode | null) {
    super(NODE_TYPE.attribute);
    this.qualifiedName = name;
    this.value = value;
    this.ownerElement = element;
  }

  override get ownerDocument(): XmlDocument | null {
    return this.ownerElement?.ownerDocument ?? null;
  }

  override get nodeName(): string {
    return this.qualifiedName.nodeName;
  }

  get name(): string {
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

  override get nodeValue(): string {
    return this.value;
  }

  override get textContent(): string {
    return this.value;
  }

  override lookupNamespaceURI(prefix: string | null): string | null {
    return this.ownerElement?.lookupNamespaceURI(prefix) ?? null;
  }

  override copyAlone(): XmlAttributeNode {
    return new XmlAttributeNode(this.qualifiedName, this.value, null);
  }
}
