/**
 * The way of fontoxpath to the nodes of a payload, with a look at the clock every now and then. One facade serves one
 * evaluation. What an expression does without looking at a node is bounded by those who call: `timedCall`, or a process of its own.
 */
import type { Attr, Element, IDomFacade, Node } from "fontoxpath";
import { MediationFault } from "../mediation-fault.ts";
import type { XmlElementNode, XmlNode } from "./dom.ts";

/** A facade that ends the evaluation. @throws MediationFault (out of the evaluation) after `timeMs`. */
export function boundedFacade(timeMs: number): IDomFacade {
  const endsAt = performance.now() + timeMs;
  let steps = 0;
  const seen = (node: Node): XmlNode => {
    steps += 1;
    if ((steps & 1023) === 0 && performance.now() > endsAt)
      throw new MediationFault(`it took longer than ${timeMs} ms`);
    return node as unknown as XmlNode;
  };
  return {
    getAllAttributes: (node) => [...(seen(node) as XmlElementNode).attributes] as unknown as Attr[],
    getAttribute: (node: Element, name) => (seen(node) as XmlElementNode).getAttribute(name),
    getChildNodes: (node) => childrenOf(seen(node)),
    getData: (node) => seen(node).nodeValue ?? "",
    getFirstChild: (node) => out(seen(node).firstChild),
    getLastChild: (node) => out(seen(node).lastChild),
    getNextSibling: (node) => out(seen(node).nextSibling),
    getParentNode: (node) => out(parentOf(seen(node))),
    getPreviousSibling: (node) => out(seen(node).previousSibling),
  };
}

function out(node: XmlNode | null): Node | null {
  return node;
}

function childrenOf(parent: XmlNode): Node[] {
  const children: XmlNode[] = [];
  for (let node = parent.firstChild; node; node = node.nextSibling) children.push(node);
  return children;
}

/** The parent of an attribute is its element. */
function parentOf(node: XmlNode): XmlNode | null {
  if (node.nodeType !== 2 || !("ownerElement" in node)) return node.parentNode;
  return node.ownerElement as XmlNode | null;
}
