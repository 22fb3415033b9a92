/**
 * Reads `property` (PropertyMediatorFactory):
 *
 *   <property name="string" [action="set|remove"] [type="STRING|INTEGER|BOOLEAN|DOUBLE|FLOAT|LONG|SHORT|OM"]
 *             (value="literal" | expression="xpath") [scope="default|axis2|axis2-client|transport|operation|registry"]
 *             [pattern="regex" [group="integer"]]>
 *     <xml-element/>?
 *   </property>
 */
import { attributeOf, childElements } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import { PropertyMediator, type PropertySource } from "../../mediators/property.ts";
import { PROPERTY_SCOPES, type PropertyScope } from "../../message/property-scope.ts";
import { PROPERTY_TYPES, type PropertyType } from "../../message/property-value.ts";
import { elementText } from "../element-text.ts";
import type { MediatorReader, ReadContext } from "./read-context.ts";

export const propertyReader: MediatorReader = {
  name: "property",
  read(element, context) {
    const name = attributeOf(element, "name");
    if (name === undefined || name === "")
      return context.error(
        element,
        "The 'name' attribute is required for the configuration of a property mediator",
      );
    const scope = readScope(element, context);
    const type = readType(element, context);
    const matching = readMatching(element, context);
    const remove = attributeOf(element, "action") === "remove";
    const action = remove ? "remove" : readSource(element, context);
    if (!scope || !type || !matching || !action) return undefined;
    return new PropertyMediator({ name, scope, type, action, ...matching });
  },
};

function readScope(element: XmlElement, context: ReadContext): PropertyScope | undefined {
  const word = attributeOf(element, "scope") ?? "default";
  const scope = PROPERTY_SCOPES.find((known) => known === (word === "synapse" ? "default" : word));
  if (scope === "registry")
    context.warning(
      element,
      "Workers do not write the registry: what this property sets lasts on the node until the next deployment",
    );
  if (scope) return scope;
  return context.error(
    element,
    `Only '${PROPERTY_SCOPES.join("' or '")}' values are allowed for attribute scope for a property mediator, Unsupported scope ${word}`,
  );
}

function readType(element: XmlElement, context: ReadContext): PropertyType | undefined {
  const word = attributeOf(element, "type") ?? "STRING";
  const type = PROPERTY_TYPES.find((known) => known === word.toUpperCase());
  return type ?? context.error(element, `Unknown property type : ${word}`);
}

function readMatching(
  element: XmlElement,
  context: ReadContext,
): { readonly pattern: RegExp | undefined; readonly group: number } | undefined {
  const source = attributeOf(element, "pattern");
  const groupText = attributeOf(element, "group");
  if (source === undefined) {
    if (groupText === undefined) return { pattern: undefined, group: 0 };
    return context.error(element, "group is only allowed when a pattern is specified");
  }
  const group = Number(groupText ?? "0");
  if (!Number.isInteger(group) || group < 0)
    return context.error(element, "group can have a positive value only");
  const pattern = context.wholePattern(element, source);
  return pattern && { pattern, group };
}

function readSource(element: XmlElement, context: ReadContext): PropertySource | undefined {
  const value = attributeOf(element, "value");
  if (value !== undefined) return { kind: "value", value };
  const [child] = childElements(element);
  if (child) return { kind: "xml", xml: elementText(child, true) };
  if (attributeOf(element, "expression") !== undefined) {
    const expression = context.expression(element, "expression");
    return expression && { kind: "expression", expression };
  }
  return context.error(
    element,
    "Either a child element or one of 'value', 'expression' attributes is required for a property mediator when action is SET",
  );
}
