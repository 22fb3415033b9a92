/**
 * Reads `xquery` (XQueryMediatorFactory):
 *
 *   <xquery key="key|{xpath}" [target="xpath"]>
 *     <variable name="string" type="DOCUMENT|ELEMENT|STRING|INT|.." [key="key"] [value="literal"] [expression="xpath"]/>*
 *   </xquery>
 */
import { attributeOf, childrenNamed } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import { XQueryMediator, type XQueryVariable } from "../../mediators/xquery.ts";
import type { MediatorReader, ReadContext } from "./read-context.ts";

export const xqueryReader: MediatorReader = {
  name: "xquery",
  read(element, context) {
    const keyText = attributeOf(element, "key");
    if (keyText === undefined || keyText.trim() === "")
      return context.error(element, "The 'key' attribute is required for the XQuery mediator");
    const key = context.keyReference(element, keyText);
    const target = context.expression(element, "target");
    if (!key || (attributeOf(element, "target") !== undefined && !target)) return undefined;
    const elements = childrenNamed(element, "variable");
    const variables = elements
      .map((child) => readVariable(child, context))
      .filter((variable) => variable !== undefined);
    return variables.length === elements.length
      ? new XQueryMediator({ key, target, variables })
      : undefined;
  },
};

function readVariable(element: XmlElement, context: ReadContext): XQueryVariable | undefined {
  const name = attributeOf(element, "name");
  const type = attributeOf(element, "type")?.toUpperCase();
  if (!name || !type)
    return context.error(element, "The 'name' and 'type' attributes are required for a variable");
  const value = attributeOf(element, "value");
  if (value !== undefined) return { name, type, source: { kind: "value", value } };
  const hasExpression = attributeOf(element, "expression") !== undefined;
  const expression = context.expression(element, "expression");
  if (hasExpression && !expression) return undefined;
  const keyText = attributeOf(element, "key");
  if (keyText !== undefined) {
    const key = context.keyReference(element, keyText);
    return key && { name, type, source: { kind: "key", key } };
  }
  return {
    name,
    type,
    source: expression ? { kind: "expression", expression } : { kind: "payload" },
  };
}
