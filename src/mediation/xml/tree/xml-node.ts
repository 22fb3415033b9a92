/**
 * Nodes of message payloads: the part of DOM level 2 Core that mediators, the XPath libraries and the serializer use,
 * and no more of it (no events, no live lists, no ranges), so that reading and copying a message is quick.
 * Children are a linked list. Every change of a tree goes through this file, which keeps a tree a tree.
 */
import { MediationFault } from "../../mediation-fault.ts";
import type { XmlDocument } from "./xml-document.ts";

/** DOM level 2 Core, section 1.2, interface Node. */
export const NODE_TYPE = {
  element: 1,
  attribute: 2,
  text: 3,
  cdata: 4,
  instruction: 7,
  comment: 8,
  document: 9,
} as const;

export type NodeType = (typeof NODE_TYPE)[keyof typeof NODE_TYPE];

/** What only this file writes. */
interface Links {
  ownerDocument: XmlDocument | null;
  parentNode: XmlNode | null;
  firstChild: XmlNode | null;
  lastChild: XmlNode | null;
  previousSibling: XmlNode | null;
  nextSibling: XmlNode | null;
}

export abstract class XmlNode {
  readonly nodeType: NodeType;
  readonly parentNode: XmlNode | null = null;
  readonly firstChild: XmlNode | null = null;
  readonly lastChild: XmlNode | null = null;
  readonly previousSibling: XmlNode | null = null;
  readonly nextSibling: XmlNode | null = null;

  /** Null for documents, and for attributes outside any element. */
  abstract readonly ownerDocument: XmlDocument | null;

  constructor(nodeType: NodeType) {
    this.nodeType = nodeType;
  }

  /** Does something to texts only. */
  prependText(_text: string): void {}

  /** The qualified name of elements and attributes, the target of instructions, else a name with "#". */
  abstract get nodeName(): string;

  /** Null for elements and documents. */
  get nodeValue(): string | null {
    return null;
  }

  /** The text of elements and documents, without comments and instructions; of other nodes their value. */
  get textContent(): string {
    let text = "";
    let node = this.firstChild;
    while (node) {
      const isText = node.nodeType === NODE_TYPE.text || node.nodeType === NODE_TYPE.cdata;
      if (isText) text += node.nodeValue ?? "";
      node = nodeAfter(node, this);
    }
    return text;
  }

  /** A new list at each call. */
  get childNodes(): XmlNode[] {
    const nodes: XmlNode[] = [];
    for (let node = this.firstChild; node; node = node.nextSibling) nodes.push(node);
    return nodes;
  }

  /** The node without its children, for the tree of `owner`. */
  abstract copyAlone(owner: XmlDocument | null): XmlNode;

  /** The URI that a prefix ("" or null: the default namespace) stands for here. */
  lookupNamespaceURI(prefix: string | null): string | null {
    return this.parentNode?.lookupNamespaceURI(prefix) ?? null;
  }

  /** A copy outside any parent. */
  cloneNode(deep: boolean): XmlNode {
    return copyOf(this, this.ownerDocument, deep);
  }

  /** @throws MediationFault when the child cannot be there. */
  appendChild<T extends XmlNode>(child: T): T {
    return this.insertBefore(child, null);
  }

  /**
   * Puts `child`, which leaves its place for it, before a child of this node, or at the end.
   * @throws MediationFault when the child cannot be there.
   */
  insertBefore<T extends XmlNode>(child: T, before: XmlNode | null): T {
    if (before && before.parentNode !== this) throw new MediationFault(NOT_A_CHILD);
    checkChild(this, child, null);
    const next = before === child ? child.nextSibling : before;
    child.parentNode?.removeChild(child);
    adopt(child, this);
    link(this, child, next);
    return child;
  }

  /** @throws MediationFault when `child` is not a child of this node. */
  removeChild<T extends XmlNode>(child: T): T {
    if (child.parentNode !== this) throw new MediationFault(NOT_A_CHILD);
    unlink(this, child);
    return child;
  }

  /** Joins neighbouring texts of the children and takes empty ones away. */
  normalize(): void {
    let node = this.firstChild;
    while (node) {
      const next: XmlNode | null = node.nextSibling;
      if (node.nodeType !== NODE_TYPE.text) node.normalize();
      else if (node.nodeValue === "") this.removeChild(node);
      else if (next?.nodeType === NODE_TYPE.text) {
        next.prependText(node.nodeValue ?? "");
        this.removeChild(node);
      }
      node = next;
    }
  }

  /** Gives back the old child. @throws MediationFault as `insertBefore` and `removeChild` do. */
  replaceChild<T extends XmlNode>(child: XmlNode, old: T): T {
    if (old.parentNode !== this) throw new MediationFault(NOT_A_CHILD);
    if (child === old) return old;
    checkChild(this, child, old);
    const next = old.nextSibling === child ? child.nextSibling : old.nextSibling;
    this.removeChild(old);
    this.insertBefore(child, next);
    return old;
  }
}

const NOT_A_CHILD = "The XML node is not a child of the element that should change";

/** The node behind `node` in document order, inside `top`. */
export function nodeAfter(node: XmlNode, top: XmlNode): XmlNode | null {
  return node.firstChild ?? nodeBehind(node, top);
}

/** The same without what is inside `node`. */
function nodeBehind(node: XmlNode, top: XmlNode): XmlNode | null {
  for (let at: XmlNode | null = node; at && at !== top; at = at.parentNode)
    if (at.nextSibling) return at.nextSibling;
  return null;
}

/** For builders of new trees: appends a new node that may be there, without looking. */
export function appendNew(parent: XmlNode, child: XmlNode): void {
  const links: Links = child;
  const above: Links = parent;
  const last: Links | null = parent.lastChild;
  links.parentNode = parent;
  links.previousSibling = parent.lastChild;
  if (last) last.nextSibling = child;
  else above.firstChild = child;
  above.lastChild = child;
}

/** A copy for the tree of `owner`; without recursion, since trees may be deep. */
export function copyOf(node: XmlNode, owner: XmlDocument | null, deep: boolean): XmlNode {
  const copy = node.copyAlone(owner);
  if (!deep) return copy;
  let into = copy;
  let at = node.firstChild;
  while (at) {
    const child = at.copyAlone(owner);
    appendNew(into, child);
    if (at.firstChild) {
      at = at.firstChild;
      into = child;
      continue;
    }
    while (!at.nextSibling && at.parentNode && at.parentNode !== node) {
      at = at.parentNode;
      into = into.parentNode ?? copy;
    }
    at = at.nextSibling;
  }
  return copy;
}

function link(parent: XmlNode, child: XmlNode, next: XmlNode | null): void {
  if (!next) {
    appendNew(parent, child);
    return;
  }
  const links: Links = child;
  const behind: Links = next;
  const above: Links = parent;
  const before: Links | null = next.previousSibling;
  links.parentNode = parent;
  links.previousSibling = next.previousSibling;
  links.nextSibling = next;
  if (before) before.nextSibling = child;
  else above.firstChild = child;
  behind.previousSibling = child;
}

function unlink(parent: XmlNode, child: XmlNode): void {
  const links: Links = child;
  const above: Links = parent;
  const before: Links | null = child.previousSibling;
  const behind: Links | null = child.nextSibling;
  if (before) before.nextSibling = child.nextSibling;
  else above.firstChild = child.nextSibling;
  if (behind) behind.previousSibling = child.previousSibling;
  else above.lastChild = child.previousSibling;
  links.parentNode = null;
  links.previousSibling = null;
  links.nextSibling = null;
}

/** `leaving` is about to go. */
function checkChild(parent: XmlNode, child: XmlNode, leaving: XmlNode | null): void {
  const isPossible =
    child.nodeType !== NODE_TYPE.document &&
    child.nodeType !== NODE_TYPE.attribute &&
    (parent.nodeType === NODE_TYPE.element || isDocumentChild(parent, child, leaving));
  if (!isPossible) throw new MediationFault(`${child.nodeName} cannot be in ${parent.nodeName}`);
  if (!child.firstChild) return;
  for (let node: XmlNode | null = parent; node; node = node.parentNode)
    if (node === child) throw new MediationFault(`${child.nodeName} cannot be inside itself`);
}

/** A document has one element, and no text beside it. */
function isDocumentChild(parent: XmlNode, child: XmlNode, leaving: XmlNode | null): boolean {
  if (parent.nodeType !== NODE_TYPE.document) return false;
  if (child.nodeType === NODE_TYPE.text || child.nodeType === NODE_TYPE.cdata) return false;
  if (child.nodeType !== NODE_TYPE.element) return true;
  for (let node = parent.firstChild; node; node = node.nextSibling)
    if (node.nodeType === NODE_TYPE.element && node !== child && node !== leaving) return false;
  return true;
}

/** Everything inside `child` belongs to the document of its new parent. */
function adopt(child: XmlNode, parent: XmlNode): void {
  const owner = parent.ownerDocument ?? parent;
  if (child.ownerDocument === owner || !isDocument(owner)) return;
  for (let node: XmlNode | null = child; node; node = nodeAfter(node, child)) {
    const links: Links = node;
    links.ownerDocument = owner;
  }
}

function isDocument(node: XmlNode): node is XmlDocument {
  return node.nodeType === NODE_TYPE.document;
}
