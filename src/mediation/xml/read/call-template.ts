/**
 * Reads `call-template` (InvokeMediatorFactory):
 *
 *   <call-template target="name" [onError="key"]>
 *     <with-param name="string" value="literal|{expression}|{{expression}}"/>*
 *   </call-template>
 */
import { attributeOf, childrenNamed } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import { CallTemplateMediator } from "../../mediators/call-template.ts";
import type { NamedValue } from "../../mediators/named-value.ts";
import type { MediatorReader, ReadContext } from "./read-context.ts";

export const callTemplateReader: MediatorReader = {
  name: "call-template",
  read(element, context) {
    const name = attributeOf(element, "target")?.trim();
    if (name === undefined || name === "")
      return context.error(
        element,
        "The 'target' attribute is required for a call-template mediator",
      );
    const before = context.problems.errors.length;
    const target = context.keyReference(element, name);
    const parameters = childrenNamed(element, "with-param")
      .map((child) => readParameter(child, context))
      .filter((parameter) => parameter !== undefined);
    if (!target || context.problems.errors.length > before) return undefined;
    const onError = attributeOf(element, "onError");
    return new CallTemplateMediator({ target, parameters, onError });
  },
};

function readParameter(element: XmlElement, context: ReadContext): NamedValue | undefined {
  const name = attributeOf(element, "name");
  const value = attributeOf(element, "value");
  if (name === undefined || name === "")
    return context.error(element, "The 'name' attribute is required for a with-param");
  if (value === undefined)
    return context.error(element, "The 'value' attribute is required for a with-param");
  const source = /^\s*\{\{(.*)\}\}\s*$/s.exec(value)?.[1] ?? /^\s*\{(.*)\}\s*$/s.exec(value)?.[1];
  if (source === undefined) return { name, kind: "text", text: value };
  const expression = context.compile(element, source);
  return expression && { name, kind: "expression", expression };
}
