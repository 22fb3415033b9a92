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

interface Step {
  readonly predicates: readonly unknown[];
}

interface Library {
  parse(expression: string): LibraryExpression;
  readonly XNodeSet: { readonly prototype: NodeSet };
  readonly PathExpr: {
    /** The nodes of a path's steps, one after the other, repetitions included. */
    applySteps(steps: readonly Step[], context: unknown, nodes: readonly XmlNode[]): XmlNode[];
    /** One step from one node, before its predicates. */
    applyStep(step: Step, context: unknown, node: XmlNode): readonly XmlNode[];
  };
}

const library = xpath as unknown as Library;

/** Of the evaluation that runs; evaluations are synchronous, and a node set does not outlive its own. */
let order = new DocumentOrder();

Object.assign(library.XNodeSet.prototype, {
  add(this: NodeSet, node: XmlNode): void {
    this.members ??= new Set(this.nodes);
    if (this.members.has(node)) return;
    countSteps(1);
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

const applySteps = library.PathExpr.applySteps.bind(library.PathExpr);

// The library keeps a node once for each way to it, so that "//a//b/ancestor::*//c" over a thousand elements ends
// the process for want of memory. Between two steps a node counts once.
library.PathExpr.applySteps = (steps, context, nodes) => {
  let reached = nodes;
  for (const step of steps) {
    const found = new Set<XmlNode>();
    for (const node of reached) {
      const hits =
        step.predicates.length > 0
          ? applySteps([step], context, [node])
          : library.PathExpr.applyStep(step, context, node);
      countSteps(STEPS_OF_NODE + hits.length);
      for (const hit of hits) found.add(hit);
    }
    reached = [...found];
  }
  return [...reached];
};

/** Longest time of one evaluation. All other messages of the worker wait for it. */
export const XPATH_TIME_MAX_MS = 2_000;

/** What an axis costs that finds nothing. */
const STEPS_OF_NODE = 4;
const STEPS_BETWEEN_LOOKS = 1_024;

let stepsToLook = 0;
let endsAt = 0;

/** Looks at the clock now and then: an evaluation cannot be interrupted from outside. */
function countSteps(count: number): void {
  stepsToLook -= count;
  if (stepsToLook > 0) return;
  stepsToLook = STEPS_BETWEEN_LOOKS;
  if (performance.now() > endsAt)
    throw new MediationFault(`it took longer than ${XPATH_TIME_MAX_MS} ms`);
}

/** @throws the library's error when the text is no XPath 1.0 expression. */
export function parseLibraryExpression(text: string): LibraryExpression {
  const parsed = library.parse(text);
  return {
    evaluate(options) {
      order = new DocumentOrder();
      stepsToLook = STEPS_BETWEEN_LOOKS;
      endsAt = performance.now() + XPATH_TIME_MAX_MS;
      return parsed.evaluate(options);
    },
  };
}
