/**
 * Reads `foreach` (ForEachMediatorFactory):
 *
 *   <foreach expression="xpath|json-eval(path)" [sequence="key"] [id="id"]>
 *     <sequence>mediator*</sequence>?
 *   </foreach>
 *
 * Its sequence must not send: send, call and callout are refused where they stand directly in it, as WSO2 does.
 */
import { attributeOf, childElements, childNamed } from "../../../config/xml-query.ts";
import { ForeachMediator } from "../../mediators/foreach.ts";
import { jsonLocation } from "../json-location.ts";
import { inlineBranch, readBranch } from "./branch.ts";
import type { MediatorReader } from "./read-context.ts";

const REFUSED: readonly string[] = ["send", "call", "callout"];

export const foreachReader: MediatorReader = {
  name: "foreach",
  read(element, context) {
    const source = attributeOf(element, "expression");
    if (source === undefined)
      return context.error(
        element,
        "The 'expression' attribute is required for the configuration of a foreach mediator",
      );
    const expression = context.expression(element, "expression");
    const inline = childNamed(element, "sequence");
    if (!inline && attributeOf(element, "sequence") === undefined)
      return context.error(
        element,
        "A 'sequence' attribute or a sequence in place is required for a foreach mediator",
      );
    const refused = inline && childElements(inline).find(({ name }) => REFUSED.includes(name));
    if (refused)
      return context.error(
        refused,
        `A foreach mediator must not contain ${REFUSED.join(", ")}: found ${refused.name}`,
      );
    const sequence = inline ? inlineBranch(inline, context) : readBranch(element, context);
    if (!expression || !sequence) return undefined;
    const id = attributeOf(element, "id");
    return new ForeachMediator({ id, expression, location: jsonLocation(source), sequence });
  },
};
