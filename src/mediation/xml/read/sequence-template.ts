/**
 * Reads sequence templates (TemplateMediatorFactory):
 *
 *   <template name="string" [onError="key"]>
 *     <parameter name="string" [defaultValue="string"] [isMandatory="true|false"]/>*
 *     <sequence [onError="key"]>mediator*</sequence>
 *   </template>
 */
import { attributeOf, childNamed, childrenNamed } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import type { SequenceTemplate, TemplateParameter } from "../../mediators/sequence-template.ts";
import type { ReadContext } from "./read-context.ts";
import { readFlow } from "./sequence.ts";
import { isTrue } from "./split-options.ts";

/** Undefined when something is wrong with it (a problem was reported). */
export function readSequenceTemplate(
  element: XmlElement,
  context: ReadContext,
): SequenceTemplate | undefined {
  const name = attributeOf(element, "name")?.trim();
  const parameters = childrenNamed(element, "parameter")
    .map((child) => readParameter(child, context))
    .filter((parameter) => parameter !== undefined);
  const child = childNamed(element, "sequence");
  const flow = child && readFlow(child, name ?? "", context);
  if (!name) return context.error(element, "The 'name' attribute is required for a template");
  if (!flow)
    return context.error(element, `Template ${name} needs a sequence or an endpoint inside`);
  const sequence = { ...flow, onError: attributeOf(element, "onError") ?? flow.onError };
  return { name, parameters, sequence };
}

function readParameter(element: XmlElement, context: ReadContext): TemplateParameter | undefined {
  const name = attributeOf(element, "name");
  if (name === undefined || name === "")
    return context.error(element, "The 'name' attribute is required for a template parameter");
  const defaultValue = attributeOf(element, "defaultValue");
  return { name, defaultValue, mandatory: isTrue(element, "isMandatory") };
}
