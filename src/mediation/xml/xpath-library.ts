/**
 * The XPath library (`xpath`) as this engine uses it: the part of it that its type declarations leave out, and its
 * node sets with a faster order. The library sorts and searches a set node by node, in quadratic time and worse,
 * so that one message of some thousand elements would occupy the process; here a set is sorted by a
 * `DocumentOrder` that lives as long as one evaluation.
 */
import xpath from "xpath";
import { DocumentOrder } from "./document-order.ts";
import { MediationFault } from "../mediation-fault.ts";
import type { XmlNode } from "./dom.ts";

/** A value inside the library. */
export interface LibraryValue {
  stringValue(): string;
  numberValue(): number;
  booleanValue(): boolean;
  toArray?(): XmlNode[];
}

export interface LibraryOptions {
  readonly node: XmlNode;
  readonly namespaces: (prefix: string) => string | undefined;
  readonly variables: (name: string, namespace: string | null) => unknown;
  readonly functions: (name: string, namespace: string) => LibraryFunction | undefined;
}

export type LibraryFunction = (context: unknown, ...args: readonly LibraryValue[]) => unknown;

export interface LibraryExpression {
  evaluate(options: LibraryOptions): LibraryValue;
}

interface NodeSet {
  nodes: XmlNode[];
  size: number;
  members?: Set<XmlNode>;
  add(node: XmlNode): void;
  addArray(nodes: readonly XmlNode[]): void;
  toArray(): XmlNode[];
  first(): XmlNode | null;
}

interface Library {
  parse(expression: string): LibraryExpression;
  readonly XNodeSet: { readonly prototype: NodeSet };
}

const library = xpath as unknown as Library;

/** Of the evaluation that runs; evaluations are synchronous, and a node set does not outlive its own. */
let order = new DocumentOrder();

Object.assign(library.XNodeSet.prototype, {
  add(this: NodeSet, node: XmlNode): void {
    this.members ??= new Set(this.nodes);
    if (this.members.has(node)) return;
    countStep();
    this.members.add(node);
    this.nodes.push(node);
    this.size += 1;
  },
  addArray(this: NodeSet, nodes: readonly XmlNode[]): void {
    for (const node of nodes) this.add(node);
  },
  toArray(this: NodeSet): XmlNode[] {
    return order.sorted(this.nodes);
  },
  first(this: NodeSet): XmlNode | null {
    return order.sorted(this.nodes)[0] ?? null;
  },
} satisfies Pick<NodeSet, "add" | "addArray" | "toArray" | "first">);

/** Longest time of one evaluation. */
export const XPATH_TIME_MAX_MS = 5_000;

let steps = 0;
let endsAt = 0;

/** Looks at the clock now and then: an evaluation cannot be interrupted from outside. */
function countStep(): void {
  steps += 1;
  if ((steps & 1023) === 0 && performance.now() > endsAt)
    throw new MediationFault(`it took longer than ${XPATH_TIME_MAX_MS} ms`);
}

/** @throws the library's error when the text is no XPath 1.0 expression. */
export function parseLibraryExpression(text: string): LibraryExpression {
  const parsed = library.parse(text);
  return {
    evaluate(options) {
      order = new DocumentOrder();
      steps = 0;
      endsAt = performance.now() + XPATH_TIME_MAX_MS;
      return parsed.evaluate(options);
    },
  };
}
