/**
 * Text, CDATA sections, comments and processing instructions: nodes that are characters and have nothing inside.
 * One class, since XPath and the serializer run over all of them and are quicker the fewer classes they meet.
 */
import type { XmlDocument } from "./xml-document.ts";
import { NODE_TYPE, XmlNode } from "./xml-node.ts";

export type CharacterNodeType =
  | typeof NODE_TYPE.text
  | typeof NODE_TYPE.cdata
  | typeof NODE_TYPE.comment
  | typeof NODE_TYPE.instruction;

const NAMES: Readonly<Record<Exclude<CharacterNodeType, 7>, string>> = {
  [NODE_TYPE.text]: "#text",
  [NODE_TYPE.cdata]: "#cdata-section",
  [NODE_TYPE.comment]: "#comment",
};

export class XmlCharacterNode extends XmlNode {
  declare readonly nodeType: CharacterNodeType;
  override readonly ownerDocument: XmlDocument | null;
  data: string;
  /** Of a processing instruction; "" for the others. */
  readonly target: string;

  constructor(
    nodeType: CharacterNodeType,
    owner: XmlDocument | null,
    data: string,
    target: string = "",
  ) {
    super(nodeType);
    this.ownerDocument = owner;
    this.data = data;
    this.target = target;
  }

  override get nodeName(): string {
    return this.nodeType === NODE_TYPE.instruction ? this.target : NAMES[this.nodeType];
  }

  override get nodeValue(): string {
    return this.data;
  }

  override get textContent(): string {
    return this.data;
  }

  override prependText(text: string): void {
    this.data = text + this.data;
  }

  override copyAlone(owner: XmlDocument | null): XmlCharacterNode {
    return new XmlCharacterNode(this.nodeType, owner, this.data, this.target);
  }
}
