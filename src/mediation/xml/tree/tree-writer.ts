/**
 * The text of a tree, or of a part of one that then stands alone: every namespace that names use is declared where
 * it is first used (the algorithm of DOM Parsing and Serialization, section 3.2.1), whatever the tree was made of.
 */
import type { XmlAttributeNode } from "./xml-attribute-node.ts";
import { NamespaceBindings } from "./namespace-bindings.ts";
import { XML_NAMESPACE, XMLNS_NAMESPACE } from "./qualified-name.ts";
import type { XmlCharacterNode } from "./xml-character-node.ts";
import type { XmlElementNode } from "./xml-element-node.ts";
import { NODE_TYPE, type XmlNode } from "./xml-node.ts";

/** Of an attribute `name="value"`; of a document without an XML declaration. */
export function treeText(top: XmlNode): string {
  if (top.nodeType === NODE_TYPE.attribute)
    return attributeText(top.nodeName, top.nodeValue ?? "").slice(1);
  return new TreeWriter(top).write();
}

interface OpenTag {
  readonly name: string;
  readonly mark: number;
}

class TreeWriter {
  readonly #top: XmlNode;
  readonly #bindings = new NamespaceBindings();
  readonly #open: OpenTag[] = [];
  #text = "";

  constructor(top: XmlNode) {
    this.#top = top;
  }

  /** Without recursion: trees may be deep. */
  write(): string {
    let node: XmlNode | null = this.#top;
    while (node) {
      this.#begin(node);
      node = node.firstChild ?? this.#behind(node);
    }
    return this.#text;
  }

  /** The next node to write, after the end tags that are due. */
  #behind(node: XmlNode): XmlNode | null {
    let at = node;
    while (at !== this.#top && !at.nextSibling && at.parentNode) {
      at = at.parentNode;
      this.#end(at);
    }
    return at === this.#top ? null : at.nextSibling;
  }

  #begin(node: XmlNode): void {
    if (isElement(node)) this.#startTag(node);
    else if (isCharacters(node)) this.#text += charactersText(node);
  }

  #end(node: XmlNode): void {
    if (node.nodeType !== NODE_TYPE.element) return;
    const tag = this.#open.pop();
    if (!tag) return;
    this.#bindings.restore(tag.mark);
    this.#text += `</${tag.name}>`;
  }

  #startTag(element: XmlElementNode): void {
    const { mark } = this.#bindings;
    const hasAttributes = element.attributes.length > 0;
    if (hasAttributes) this.#takeDeclarations(element);
    // The element has the first word on its prefix; attributes can take another one.
    const { text: name, declaration } = this.#elementName(element);
    const attributes = (hasAttributes ? this.#attributes(element) : "") + declaration;
    if (element.firstChild) {
      this.#text += `<${name}${attributes}>`;
      this.#open.push({ name, mark });
    } else {
      this.#text += `<${name}${attributes}/>`;
      this.#bindings.restore(mark);
    }
  }

  #takeDeclarations(element: XmlElementNode): void {
    for (const item of element.attributes)
      if (item.namespaceURI === XMLNS_NAMESPACE && !isLeftOut(item, element))
        this.#bindings.declare(declaredBy(item), item.value);
  }

  #attributes(element: XmlElementNode): string {
    let text = "";
    for (const item of element.attributes)
      if (item.namespaceURI !== XMLNS_NAMESPACE) text += this.#attribute(item);
      else if (!isLeftOut(item, element)) text += attributeText(item.name, item.value);
    return text;
  }

  #attribute(item: XmlAttributeNode): string {
    const { namespaceURI: uri, prefix, value } = item;
    if (uri === null || uri === XML_NAMESPACE) return attributeText(item.name, value);
    if (prefix !== null && this.#bindings.uriOf(prefix) === uri)
      return attributeText(item.name, value);
    const known = prefix === null ? this.#bindings.prefixOf(uri) : undefined;
    const used = known ?? this.#freePrefix(prefix);
    const declaration = known === undefined ? this.#declared(used, uri) : "";
    return declaration + attributeText(`${used}:${item.localName ?? ""}`, value);
  }

  #elementName(element: XmlElementNode): { text: string; declaration: string } {
    const { prefix, nodeName, namespaceURI, localName } = element;
    const uri = namespaceURI ?? "";
    if (this.#bindings.uriOf(prefix ?? "") === uri) return { text: nodeName, declaration: "" };
    if (prefix === null && uri !== "") {
      const known = this.#bindings.prefixOf(uri);
      if (known !== undefined) return { text: `${known}:${localName ?? ""}`, declaration: "" };
    }
    return { text: nodeName, declaration: this.#declared(prefix ?? "", uri) };
  }

  #declared(prefix: string, uri: string): string {
    this.#bindings.declare(prefix, uri);
    return attributeText(prefix === "" ? "xmlns" : `xmlns:${prefix}`, uri);
  }

  /** The wanted prefix unless it stands for something else here. */
  #freePrefix(wanted: string | null): string {
    if (wanted !== null && this.#bindings.uriOf(wanted) === undefined) return wanted;
    let number = 1;
    while (this.#bindings.uriOf(`ns${number}`) !== undefined) number += 1;
    return `ns${number}`;
  }
}

// Kinds are told by number here: instanceof costs a walk over prototypes for each node.
function isElement(node: XmlNode): node is XmlElementNode {
  return node.nodeType === NODE_TYPE.element;
}

function isCharacters(node: XmlNode): node is XmlCharacterNode {
  return node.nodeType !== NODE_TYPE.document && node.nodeType !== NODE_TYPE.attribute;
}

/** The prefix that a declaration is for; "" for the default namespace. */
function declaredBy(item: XmlAttributeNode): string {
  return item.prefix === null ? "" : (item.localName ?? "");
}

/** Whether a declaration contradicts the name of its own element, which wins, or could not be read again. */
function isLeftOut(item: XmlAttributeNode, element: XmlElementNode): boolean {
  const prefix = declaredBy(item);
  if (prefix === "xml" || (prefix !== "" && item.value === "")) return true;
  return prefix === (element.prefix ?? "") && item.value !== (element.namespaceURI ?? "");
}

function charactersText(node: XmlCharacterNode): string {
  switch (node.nodeType) {
    case NODE_TYPE.text:
      return escapedText(node.data);
    case NODE_TYPE.cdata:
      return `<![CDATA[${node.data.replaceAll("]]>", "]]]]><![CDATA[>")}]]>`;
    case NODE_TYPE.comment:
      return `<!--${node.data}-->`;
    case NODE_TYPE.instruction:
    default:
      return node.data === "" ? `<?${node.target}?>` : `<?${node.target} ${node.data}?>`;
  }
}

/** A carriage return would be read as a line feed. */
function escapedText(text: string): string {
  return /[&<>\r]/.test(text) ? text.replaceAll(/[&<>\r]/g, reference) : text;
}

/** White space but blanks would be read as blanks. */
function attributeText(name: string, value: string): string {
  const isPlain = !/[&<>"\t\n\r]/.test(value);
  return ` ${name}="${isPlain ? value : value.replaceAll(/[&<>"\t\n\r]/g, reference)}"`;
}

const REFERENCES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

function reference(sign: string): string {
  return REFERENCES[sign] ?? `&#${sign.charCodeAt(0)};`;
}
