/**
 * Reads `filter` (FilterMediatorFactory):
 *
 *   <filter (source="xpath" regex="string") | xpath="xpath">
 *     mediator+ | (<then [sequence="key"]>mediator*</then> <else [sequence="key"]>mediator*</else>?)
 *   </filter>
 */
import { attributeOf, childNamed } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import { type FilterCondition, FilterMediator } from "../../mediators/filter.ts";
import { inlineBranch, readBranch } from "./branch.ts";
import type { MediatorReader, ReadContext } from "./read-context.ts";

export const filterReader: MediatorReader = {
  name: "filter",
  read(element, context) {
    const condition = readCondition(element, context);
    const then = childNamed(element, "then");
    const otherwise = childNamed(element, "else");
    const matched = then ? readBranch(then, context) : inlineBranch(element, context);
    const unmatched = then && otherwise ? readBranch(otherwise, context) : undefined;
    if (!condition || !matched) return undefined;
    return new FilterMediator({ condition, matched, otherwise: unmatched });
  },
};

function readCondition(element: XmlElement, context: ReadContext): FilterCondition | undefined {
  if (attributeOf(element, "xpath") !== undefined) {
    const xpath = context.expression(element, "xpath");
    return xpath && { kind: "xpath", xpath };
  }
  const regex = attributeOf(element, "regex");
  if (attributeOf(element, "source") === undefined || regex === undefined)
    return context.error(
      element,
      "An xpath or (source, regex) attributes are required for a filter",
    );
  const source = context.expression(element, "source");
  const pattern = context.wholePattern(element, regex);
  return source && pattern && { kind: "regex", source, pattern };
}
