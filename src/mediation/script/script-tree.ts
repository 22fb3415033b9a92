/**
 * XML trees between the engine and the sandbox, as values that JSON carries: `[1, prefix, name, uri, declarations, attributes,
 * children]` for an element, a string for text, `[8, text]` for a comment and `[7, target, data]` for an instruction.
 */
import { isElement, isText, type XmlElementNode, type XmlNode } from "../xml/dom.ts";

type Pair = readonly [prefix: string, uri: string];
type TreeAttribute = readonly [prefix: string, name: string, uri: string, value: string];

export type ScriptTree =
  | string
  | readonly [8, text: string]
  | readonly [7, target: string, data: string]
  | readonly [
      1,
      prefix: string,
      name: string,
      uri: string,
      declarations: readonly Pair[],
      attributes: readonly TreeAttribute[],
      children: readonly ScriptTree[],
    ];

const XMLNS = "http://www.w3.org/2000/xmlns/";
const COMMENT_NODE = 8;
const INSTRUCTION_NODE = 7;

/** A node as the sandbox reads it; prefixes that are declared around it come along. */
export function scriptTree(node: XmlNode): ScriptTree {
  return isElement(node) ? elementTree(node, outerDeclarations(node)) : plainTree(node);
}

function plainTree(node: XmlNode): ScriptTree {
  const text = node.nodeValue ?? "";
  if (node.nodeType === COMMENT_NODE) return [8, text];
  return node.nodeType === INSTRUCTION_NODE ? [7, node.nodeName, text] : text;
}

function elementTree(element: XmlElementNode, outer: readonly Pair[]): ScriptTree {
  const declarations = new Map<string, string>(outer);
  const attributes: TreeAttribute[] = [];
  for (const attribute of element.attributes) {
    if (attribute.namespaceURI === XMLNS)
      declarations.set(attribute.prefix ? (attribute.localName ?? "") : "", attribute.value);
    else
      attributes.push([
        attribute.prefix ?? "",
        attribute.localName ?? attribute.name,
        attribute.namespaceURI ?? "",
        attribute.value,
      ]);
  }
  const children: ScriptTree[] = [];
  for (let child = element.firstChild; child; child = child.nextSibling) pushChild(child, children);
  const { prefix, namespaceURI } = element;
  const name = element.localName ?? element.nodeName;
  return [1, prefix ?? "", name, namespaceURI ?? "", [...declarations], attributes, children];
}

/** Neighbouring texts are one. */
function pushChild(child: XmlNode, children: ScriptTree[]): void {
  const last = children.length - 1;
  const before = children[last];
  if (isText(child) && typeof before === "string")
    children[last] = before + (child.nodeValue ?? "");
  else children.push(isElement(child) ? elementTree(child, []) : plainTree(child));
}

function outerDeclarations(element: XmlElementNode): readonly Pair[] {
  const found = new Map<string, string>();
  for (let node = element.parentNode; node && isElement(node); node = node.parentNode)
    for (const attribute of node.attributes) {
      if (attribute.namespaceURI !== XMLNS) continue;
      const prefix = attribute.prefix ? (attribute.localName ?? "") : "";
      if (!found.has(prefix)) found.set(prefix, attribute.value);
    }
  return [...found];
}

/** The element at a path of element indexes. */
export function elementAt(
  root: XmlElementNode,
  path: readonly number[],
): XmlElementNode | undefined {
  let at: XmlElementNode | undefined = root;
  for (const index of path) at = at && childElementsOf(at)[index];
  return at;
}

/** The path of element indexes from the root of its document to an element. */
export function pathOf(element: XmlElementNode): readonly number[] {
  const path: number[] = [];
  let at = element;
  for (let parent = at.parentNode; parent && isElement(parent); parent = at.parentNode) {
    path.unshift(childElementsOf(parent).indexOf(at));
    at = parent;
  }
  return path;
}

function childElementsOf(parent: XmlElementNode): readonly XmlElementNode[] {
  const elements: XmlElementNode[] = [];
  for (let child = parent.firstChild; child; child = child.nextSibling)
    if (isElement(child)) elements.push(child);
  return elements;
}
