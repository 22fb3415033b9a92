/**
 * Reads `switch` (SwitchMediatorFactory):
 *
 *   <switch source="xpath">
 *     <case regex="string">mediator*</case>*
 *     <default>mediator*</default>?
 *   </switch>
 */
import { attributeOf, childrenNamed } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import { type SwitchCase, SwitchMediator } from "../../mediators/switch.ts";
import type { MediatorReader, ReadContext } from "./read-context.ts";

export const switchReader: MediatorReader = {
  name: "switch",
  read(element, context) {
    const before = context.problems.errors.length;
    if (attributeOf(element, "source") === undefined)
      context.error(element, "A 'source' XPath attribute is required for a switch mediator");
    const source = context.expression(element, "source");
    const cases = childrenNamed(element, "case")
      .map((child) => readCase(child, context))
      .filter((one) => one !== undefined);
    const [fallback, second] = childrenNamed(element, "default");
    if (second) context.error(second, "A switch mediator has one default case at most");
    const otherwise = fallback && context.mediators(fallback);
    if (!source || context.problems.errors.length > before) return undefined;
    return new SwitchMediator({ source, cases, otherwise });
  },
};

function readCase(element: XmlElement, context: ReadContext): SwitchCase | undefined {
  const mediators = context.mediators(element);
  const regex = attributeOf(element, "regex");
  if (regex === undefined)
    return context.error(element, "The 'regex' attribute is required for a switch case definition");
  const pattern = context.wholePattern(element, regex);
  return pattern && { pattern, mediators };
}
