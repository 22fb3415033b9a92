/**
 * Message payloads as XML trees: what mediators do with them, and the only way to the trees in `tree/`, so that another
 * library can be measured and put in their place. Reading is strict: whatever XML 1.0 and Namespaces in XML
 * call an error is refused, and so are document types, hence no entity of a message is ever expanded.
 */
import { MediationFault } from "../mediation-fault.ts";
import { readDocument } from "./tree/document-parser.ts";
import { treeText } from "./tree/tree-writer.ts";
import { XmlDocument } from "./tree/xml-document.ts";
import type { XmlElementNode } from "./tree/xml-element-node.ts";
import { NODE_TYPE, type XmlNode } from "./tree/xml-node.ts";

export { XmlDocument, type XmlElementNode, type XmlNode };

/** Deepest nesting of a payload; deeper ones would exhaust the stack of whatever walks the tree. */
export const PAYLOAD_DEPTH_MAX = 500;

/** Most tags, comments and the like of a payload: a tree takes far more memory than its text. */
export const PAYLOAD_TAGS_MAX = 400_000;

/** Most attributes of one element: they are kept in a list that is searched for each. */
export const PAYLOAD_ATTRIBUTES_MAX = 5_000;

const BOUNDS = {
  depthMax: PAYLOAD_DEPTH_MAX,
  tagsMax: PAYLOAD_TAGS_MAX,
  attributesMax: PAYLOAD_ATTRIBUTES_MAX,
} as const;

/**
 * Reads one document.
 * @throws MediationFault when the text is not well-formed, has a document type or is nested too deeply.
 */
export function parseDocument(text: string): XmlDocument {
  return readDocument(text.startsWith("\uFEFF") ? text.slice(1) : text, BOUNDS);
}

/** The text of a node with every namespace declaration that it needs to stand alone. */
export function serializeNode(node: XmlNode): string {
  return treeText(node);
}

/** The root element. Every document of this engine has one. */
export function rootOf(document: XmlDocument): XmlElementNode {
  const root = document.documentElement;
  if (!root) throw new MediationFault("The XML document has no root element");
  return root;
}

export function isElement(node: XmlNode): node is XmlElementNode {
  return node.nodeType === NODE_TYPE.element;
}

export function isText(node: XmlNode): boolean {
  return node.nodeType === NODE_TYPE.text || node.nodeType === NODE_TYPE.cdata;
}

/** A copy that shares nothing with the original. */
export function cloneDocument(document: XmlDocument): XmlDocument {
  const copy = new XmlDocument();
  copy.appendChild(copy.importNode(rootOf(document), true));
  return copy;
}

/** Child elements in document order. */
export function elementsOf(parent: XmlNode): readonly XmlElementNode[] {
  const elements: XmlElementNode[] = [];
  for (let node = parent.firstChild; node; node = node.nextSibling)
    if (isElement(node)) elements.push(node);
  return elements;
}

/** The first child element with that namespace and local name. */
export function elementNamed(
  parent: XmlNode,
  namespace: string,
  name: string,
): XmlElementNode | undefined {
  return elementsOf(parent).find(
    (element) => element.localName === name && (element.namespaceURI ?? "") === namespace,
  );
}

/** The text of a node and everything inside it; for an attribute its value. */
export function textContentOf(node: XmlNode): string {
  return node.textContent ?? node.nodeValue ?? "";
}

/**
 * What Synapse makes of a node where text is asked for: the text that an element holds itself, and the whole
 * element as XML when that is blank.
 */
export function nodeText(node: XmlNode): string {
  return isShownAsXml(node) ? serializeNode(node) : ownText(node);
}

/** Whether `nodeText` gives XML. */
export function isShownAsXml(node: XmlNode): boolean {
  return isElement(node) && ownText(node).trim() === "";
}

function ownText(node: XmlNode): string {
  if (!isElement(node)) return textContentOf(node);
  let text = "";
  for (let child = node.firstChild; child; child = child.nextSibling)
    if (isText(child)) text += child.nodeValue ?? "";
  return text;
}

export function removeChildren(parent: XmlNode): void {
  while (parent.firstChild) parent.removeChild(parent.firstChild);
}

/** Copies a node of any document to the end of `parent`. */
export function appendCopy(parent: XmlElementNode, node: XmlNode): void {
  const owner = parent.ownerDocument;
  if (owner) parent.appendChild(owner.importNode(node, true));
}

/** Appends a new element; `name` may carry a prefix. */
export function appendElement(
  parent: XmlElementNode,
  namespace: string | null,
  name: string,
  text?: string,
): XmlElementNode {
  const owner = parent.ownerDocument;
  if (!owner) throw new MediationFault("The XML element belongs to no document");
  const element = owner.createElementNS(namespace, name);
  if (text !== undefined) element.appendChild(owner.createTextNode(text));
  parent.appendChild(element);
  return element;
}
