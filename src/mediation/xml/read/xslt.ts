/**
 * Reads `xslt` and `fastXSLT` (XSLTMediatorFactory):
 *
 *   <xslt key="key|{xpath}" [source="xpath"] [target="property"]>
 *     <property name="string" (value="literal" | expression="xpath")/>*
 *     <feature name="string" value="true|false"/>* <attribute name="string" value="string"/>*
 *     <resource location="string" key="string"/>*
 *   </xslt>
 *
 * Features and attributes belong to Java's transformer and have no effect.
 */
import { attributeOf, childrenNamed } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import type { NamedValue } from "../../mediators/named-value.ts";
import { XsltMediator } from "../../mediators/xslt.ts";
import type { MediatorReader, ReadContext } from "./read-context.ts";

export const xsltReader: MediatorReader = {
  name: "xslt",
  read: (element, context) => read("xslt", element, context),
};

export const fastXsltReader: MediatorReader = {
  name: "fastXSLT",
  read: (element, context) => read("fastXSLT", element, context),
};

function read(
  kind: "xslt" | "fastXSLT",
  element: XmlElement,
  context: ReadContext,
): XsltMediator | undefined {
  const keyText = attributeOf(element, "key");
  if (keyText === undefined || keyText.trim() === "")
    return context.error(element, "The 'key' attribute is required for the XSLT mediator");
  const key = context.keyReference(element, keyText);
  const hasSource = attributeOf(element, "source") !== undefined;
  const source = context.expression(element, "source");
  const parameters = readParameters(element, context);
  if (!key || !parameters || (hasSource && !source)) return undefined;
  const target = attributeOf(element, "target");
  return new XsltMediator(kind, {
    key,
    source,
    target,
    parameters,
    resources: readResources(element, context),
  });
}

function readParameters(
  element: XmlElement,
  context: ReadContext,
): readonly NamedValue[] | undefined {
  const elements = childrenNamed(element, "property");
  const parameters = elements.map((child): NamedValue | undefined => {
    const name = attributeOf(child, "name");
    const source = context.valueSource(child);
    if (name && source) return { ...source, name };
    return context.error(
      child,
      "A property of the XSLT mediator needs a name and a value or an expression",
    );
  });
  const known = parameters.filter((parameter) => parameter !== undefined);
  return known.length === elements.length ? known : undefined;
}

/** The `resource` elements of a mediator: location → key. */
export function readResources(
  element: XmlElement,
  context: ReadContext,
): ReadonlyMap<string, string> {
  const resources = new Map<string, string>();
  for (const child of childrenNamed(element, "resource")) {
    const location = attributeOf(child, "location");
    const key = attributeOf(child, "key");
    if (location && key) resources.set(location, key);
    else context.error(child, "The 'location' and 'key' attributes are required for a resource");
  }
  return resources;
}
