/**
 * Ranges ("1 to n") of an XPath 2.0 expression, looked at when it is compiled: counting to a large number, or to one that a
 * message names, would take the process's memory, and no node is touched on the way that could end it.
 * Called by xpath2.ts with the syntax tree (XQueryX) that the library gives.
 */
import type { XmlDocument, XmlElementNode } from "./dom.ts";
import { elementsOf } from "./dom.ts";

/** Most numbers of all ranges of an expression multiplied, as if each ran inside the other. */
export const RANGE_NUMBERS_MAX = 1_000_000;

const XQUERYX = "http://www.w3.org/2005/XQueryX";
/** Functions whose result is no larger than the message. */
const BOUNDED_FUNCTIONS: readonly string[] = ["count", "string-length", "last"];

/** An expression of XPath 2.0 that is well-formed and refused. */
export class UnboundedRange extends SyntaxError {}

/** @throws UnboundedRange when a range ends neither with a number nor with a function that the message bounds. */
export function checkRanges(tree: XmlDocument): void {
  let numbers = 1;
  for (const range of tree.getElementsByTagNameNS(XQUERYX, "rangeSequenceExpr"))
    numbers *= lengthOf(range);
  if (numbers > RANGE_NUMBERS_MAX)
    throw new UnboundedRange(
      `The ranges of the expression make more than ${RANGE_NUMBERS_MAX} numbers`,
    );
}

function lengthOf(range: XmlElementNode): number {
  const [start, end] = elementsOf(range).map((side) => elementsOf(side)[0]);
  if (end?.localName === "integerConstantExpr") return Number(end.textContent) || 1;
  const [name] = end?.localName === "functionCallExpr" ? elementsOf(end) : [];
  const isBounded = BOUNDED_FUNCTIONS.includes(name?.textContent ?? "");
  if (isBounded && start?.localName === "integerConstantExpr") return 1;
  throw new UnboundedRange(
    `A range of the expression has to end with a number or with one of ${BOUNDED_FUNCTIONS.join(", ")}`,
  );
}
