/**
 * Message payloads as XML trees: the only file that knows which library builds them (xmldom), so that another
 * can be measured and put in its place. Reading is strict: whatever XML 1.0 and Namespaces in XML call
 * an error is refused, and so are document types, hence no entity of a message is ever expanded.
 */
import {
  DOMParser,
  type Document,
  type Element,
  type Node,
  onWarningStopParsing,
  XMLSerializer,
} from "@xmldom/xmldom";
import { messageOf } from "../../errors/app-error.ts";
import { MediationFault } from "../mediation-fault.ts";

export type XmlDocument = Document;
export type XmlElementNode = Element;
export type XmlNode = Node;

/** Deepest nesting of a payload; deeper ones would exhaust the stack of whatever walks the tree. */
export const PAYLOAD_DEPTH_MAX = 500;

/** Most tags, comments and the like of a payload: a tree takes far more memory than its text. */
export const PAYLOAD_TAGS_MAX = 400_000;

/** Most attributes of one element: they are kept in a list that is searched for each. */
export const PAYLOAD_ATTRIBUTES_MAX = 5_000;

const ELEMENT_NODE = 1;
const TEXT_NODE = 3;
const CDATA_NODE = 4;

// eslint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/;

const serializer = new XMLSerializer();

/** A parser keeps no state between documents, but reports to its own handler: one a document. */
function newParser(): DOMParser {
  return new DOMParser({ onError: onWarningStopParsing, locator: false });
}

/**
 * Reads one document.
 * @throws MediationFault when the text is not well-formed, has a document type or is nested too deeply.
 */
export function parseDocument(text: string): XmlDocument {
  const source = text.startsWith("\uFEFF") ? text.slice(1) : text;
  if (FORBIDDEN.test(source)) refuse("a character that XML does not allow");
  checkSize(source);
  let document: XmlDocument;
  try {
    document = newParser().parseFromString(source, "text/xml");
  } catch (error) {
    refuse(reasonOf(messageOf(error)));
  }
  if (document.doctype) refuse("a document type (<!DOCTYPE>) is not allowed");
  checkNodes(document);
  return document;
}

/** Looks at the text, since a tree that is too large must not be made. Faulty text is left to the parser. */
function checkSize(source: string): void {
  let tags = 0;
  for (let at = source.indexOf("<"); at !== -1; tags += 1) {
    const next = source.indexOf("<", at + 1);
    const end = next === -1 ? source.length : next;
    // An attribute takes five characters at least: a="" and the blank before it.
    if (end - at > 5 * PAYLOAD_ATTRIBUTES_MAX) checkTag(source.slice(at, end));
    at = next;
  }
  if (tags > PAYLOAD_TAGS_MAX) refuse(`more than ${PAYLOAD_TAGS_MAX} tags`);
}

/** `text` begins with a tag or another markup; what follows does not count. */
function checkTag(text: string): void {
  if (text.startsWith("<!") || text.startsWith("<?")) return;
  let attributes = 0;
  for (const [sign] of text.matchAll(/>|=\s*(?:"[^"]*"|'[^']*')/g)) {
    if (sign === ">") return;
    attributes += 1;
    if (attributes > PAYLOAD_ATTRIBUTES_MAX)
      refuse(`an element with more than ${PAYLOAD_ATTRIBUTES_MAX} attributes`);
  }
}

function refuse(reason: string): never {
  throw new MediationFault(`Error while building message. XML is not well-formed: ${reason}`);
}

/** xmldom wraps its reason into the name of the handler that stopped it. */
function reasonOf(message: string): string {
  return /"(.*)" caused/s.exec(message)?.[1] ?? message;
}

function checkNodes(document: XmlDocument): void {
  let depth = 0;
  let node: XmlNode | null = document.documentElement;
  while (node) {
    if (node.nodeValue !== null && FORBIDDEN.test(node.nodeValue))
      refuse("a reference to a character that XML does not allow");
    if (node.firstChild) {
      depth += 1;
      if (depth > PAYLOAD_DEPTH_MAX) refuse(`nested deeper than ${PAYLOAD_DEPTH_MAX} elements`);
      node = node.firstChild;
      continue;
    }
    while (node && !node.nextSibling) {
      node = node.parentNode;
      depth -= 1;
    }
    node = node?.nextSibling ?? null;
  }
}

/** The text of a node with every namespace declaration that it needs to stand alone. */
export function serializeNode(node: XmlNode): string {
  return serializer.serializeToString(node);
}

/** The root element. Every document of this engine has one. */
export function rootOf(document: XmlDocument): XmlElementNode {
  const root = document.documentElement;
  if (!root) throw new MediationFault("The XML document has no root element");
  return root;
}

export function isElement(node: XmlNode): node is XmlElementNode {
  return node.nodeType === ELEMENT_NODE;
}

export function isText(node: XmlNode): boolean {
  return node.nodeType === TEXT_NODE || node.nodeType === CDATA_NODE;
}

/** A copy that shares nothing with the original. */
export function cloneDocument(document: XmlDocument): XmlDocument {
  const copy = newParser().parseFromString("<copy/>", "text/xml");
  copy.replaceChild(copy.importNode(rootOf(document), true), rootOf(copy));
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
