/**
 * Reads `iterate` (IterateMediatorFactory):
 *
 *   <iterate expression="xpath|json-eval(path)" [preservePayload="true|false"] [attachPath="xpath|json-eval(path)"]
 *            [id="id"] [continueParent="true|false"] [sequential="true|false"]>
 *     <target .../>
 *   </iterate>
 */
import { attributeOf, childNamed } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import { type AttachPath, IterateMediator } from "../../mediators/iterate.ts";
import { jsonLocation } from "../json-location.ts";
import type { MediatorReader, ReadContext } from "./read-context.ts";
import { isTrue, readSplitOptions } from "./split-options.ts";
import { readTarget } from "./target.ts";

export const iterateReader: MediatorReader = {
  name: "iterate",
  read(element, context) {
    const child = childNamed(element, "target");
    if (!child)
      return context.error(element, "Target for an iterate mediator is required :: missing target");
    const target = readTarget(child, context);
    if (attributeOf(element, "expression") === undefined)
      return context.error(
        element,
        "XPath or JSONPath expression is required for an IterateMediator under the 'expression' attribute",
      );
    const expression = context.expression(element, "expression");
    const attachPath = readAttachPath(element, context);
    if (!target || !expression || attachPath === "faulty") return undefined;
    const preservePayload = isTrue(element, "preservePayload");
    const options = { expression, target, preservePayload, attachPath };
    return new IterateMediator({ ...readSplitOptions(element), ...options });
  },
};

function readAttachPath(
  element: XmlElement,
  context: ReadContext,
): AttachPath | "faulty" | undefined {
  const source = attributeOf(element, "attachPath");
  if (source === undefined || source.trim() === ".") return undefined;
  if (!isTrue(element, "preservePayload")) {
    context.error(
      element,
      "Wrong configuration for the iterate mediator :: if the iterator should not preserve payload, then attachPath can not be present",
    );
    return "faulty";
  }
  const expression = context.expression(element, "attachPath");
  return expression ? { expression, location: jsonLocation(source) } : "faulty";
}
