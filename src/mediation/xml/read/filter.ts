/**
 * Reads `filter` (FilterMediatorFactory):
 *
 *   <filter (source="xpath" regex="string") | xpath="xpath">
 *     mediator+ | (<then [sequence="key"]>mediator*</then> <else [sequence="key"]>mediator*</else>?)
 *   </filter>
 */
import { attributeOf, childNamed } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import { type FilterBranch, type FilterCondition, FilterMediator } from "../../mediators/filter.ts";
import type { MediatorReader, ReadContext } from "./read-context.ts";

export const filterReader: MediatorReader = {
  name: "filter",
  read(element, context) {
    const condition = readCondition(element, context);
    const then = childNamed(element, "then");
    const otherwise = childNamed(element, "else");
    const branches = then
      ? {
          matched: readBranch(then, context),
          otherwise: otherwise && readBranch(otherwise, context),
        }
      : { matched: readBranch(element, context), otherwise: undefined };
    return condition && new FilterMediator({ condition, ...branches });
  },
};

function readBranch(element: XmlElement, context: ReadContext): FilterBranch {
  const key = attributeOf(element, "sequence");
  if (key !== undefined && element.name !== "filter") return { kind: "key", key };
  return { kind: "inline", mediators: context.mediators(element) };
}

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
