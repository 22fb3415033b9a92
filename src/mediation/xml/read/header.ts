/**
 * Reads `header` (HeaderMediatorFactory):
 *
 *   <header name="qname" [action="set|remove"] [scope="default|transport"] (value="literal" | expression="xpath")/>
 *   <header><xml-element/>+</header>
 *
 * Without a prefix only To, From, Action, FaultTo, ReplyTo and RelatesTo are SOAP headers.
 */
import { attributeOf, childElements } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import { HeaderMediator, type HeaderTarget } from "../../mediators/header.ts";
import { addressingField } from "../../message/addressing.ts";
import { elementText } from "../element-text.ts";
import type { MediatorReader, ReadContext } from "./read-context.ts";

export const headerReader: MediatorReader = {
  name: "header",
  read(element, context) {
    const name = attributeOf(element, "name");
    if (name === undefined || name === "") return readBlock(element, context);
    const target = readTarget(element, name, context);
    if (attributeOf(element, "action") === "remove")
      return target && new HeaderMediator({ target, value: undefined });
    const before = context.problems.errors.length;
    const value = context.valueSource(element);
    if (!value && context.problems.errors.length === before)
      return context.error(
        element,
        "A 'value' or 'expression' attribute is required for a [set] header mediator",
      );
    return target && value && new HeaderMediator({ target, value });
  },
};

function readBlock(element: XmlElement, context: ReadContext): HeaderMediator | undefined {
  const children = childElements(element);
  if (children.length === 0)
    return context.error(
      element,
      "A valid name attribute or a child element is required for the header mediator",
    );
  const target = {
    kind: "blocks",
    xml: children.map((child) => elementText(child, true)),
  } as const;
  return new HeaderMediator({ target, value: { kind: "text", text: "" } });
}

function readTarget(
  element: XmlElement,
  name: string,
  context: ReadContext,
): HeaderTarget | undefined {
  const scope = attributeOf(element, "scope") ?? "default";
  if (scope === "transport") return { kind: "transport", name };
  if (scope !== "default")
    return context.error(
      element,
      `Only 'transport' or 'default' values are allowed for attribute scope for a header mediator, Unsupported scope ${scope}`,
    );
  const colon = name.indexOf(":");
  if (colon !== -1) {
    const prefix = name.slice(0, colon);
    const namespace = element.namespaces.get(prefix);
    if (namespace === undefined)
      return context.error(element, `Invalid namespace prefix '${prefix}' in header name ${name}`);
    return { kind: "soap", prefix, name: name.slice(colon + 1), namespace };
  }
  const field = addressingField(name);
  if (field && field !== "MessageID") return { kind: "addressing", field };
  return context.error(
    element,
    `Invalid SOAP header: ${name} specified at the header mediator. All SOAP headers must be namespace qualified.`,
  );
}
