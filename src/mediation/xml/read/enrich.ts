/**
 * Reads `enrich` (EnrichMediatorFactory):
 *
 *   <enrich>
 *     <source [clone="true|false"] [type="custom|envelope|body|property|inline"] [xpath="xpath|json-eval(..)"]
 *             [property="name"] [key="local entry"]>inline content?</source>
 *     <target [action="replace|child|sibling"] [type="custom|envelope|body|property"] [xpath=".."] [property="name"]/>
 *   </enrich>
 */
import { attributeOf, childElements, childNamed, textOf } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import {
  EnrichMediator,
  type EnrichAction,
  type EnrichSource,
  type EnrichTarget,
} from "../../mediators/enrich.ts";
import { elementText } from "../element-text.ts";
import type { MediatorReader, ReadContext } from "./read-context.ts";

const ACTIONS: readonly EnrichAction[] = ["replace", "child", "sibling"];

export const enrichReader: MediatorReader = {
  name: "enrich",
  read(element, context) {
    const from = childNamed(element, "source");
    const to = childNamed(element, "target");
    if (!from) return context.error(element, "source element is mandatory");
    if (!to) return context.error(element, "target element is mandatory");
    const source = readSource(from, context);
    const target = readTarget(to, context);
    const word = attributeOf(to, "action") ?? "replace";
    const action = ACTIONS.find((known) => known === word);
    if (!action)
      return context.error(
        to,
        `Un-expected action "${word}": it must be one of ${ACTIONS.join(", ")}`,
      );
    if (!source || !target) return undefined;
    const clone = attributeOf(from, "clone") !== "false";
    return new EnrichMediator({ source, target, action, clone });
  },
};

function readSource(element: XmlElement, context: ReadContext): EnrichSource | undefined {
  const type = attributeOf(element, "type") ?? "custom";
  switch (type) {
    case "envelope":
    case "body":
      return { kind: type };
    case "property": {
      const name = propertyName(element, context);
      return name === undefined ? undefined : { kind: type, name };
    }
    case "inline":
      return readInline(element, context);
    case "custom":
      return readCustom(element, context);
    default:
      return context.error(element, `Un-expected type "${type}" of an enrich source`);
  }
}

function propertyName(element: XmlElement, context: ReadContext): string | undefined {
  const name = attributeOf(element, "property");
  return name || context.error(element, "property attribute is required for property type");
}

function readInline(element: XmlElement, context: ReadContext): EnrichSource | undefined {
  const [child] = childElements(element);
  if (child) return { kind: "inline", text: elementText(child, true) };
  const text = textOf(element);
  if (text !== "") return { kind: "inline", text };
  const keyText = attributeOf(element, "key");
  if (keyText === undefined)
    return context.error(
      element,
      "XML element is required for inline source of an enrich mediator, or a key",
    );
  const key = context.keyReference(element, keyText);
  return key && { kind: "key", key };
}

function readTarget(element: XmlElement, context: ReadContext): EnrichTarget | undefined {
  const type = attributeOf(element, "type") ?? "custom";
  switch (type) {
    case "envelope":
    case "body":
      return { kind: type };
    case "property": {
      const name = propertyName(element, context);
      return name === undefined ? undefined : { kind: type, name, scope: "default" };
    }
    case "custom":
      return readCustom(element, context);
    default:
      return context.error(element, `Un-expected type "${type}" of an enrich target`);
  }
}

function readCustom(
  element: XmlElement,
  context: ReadContext,
): (EnrichSource & EnrichTarget & { readonly kind: "custom" }) | undefined {
  const source = attributeOf(element, "xpath");
  if (source === undefined || source.trim() === "")
    return context.error(element, "xpath attribute is required for CUSTOM type");
  const expression = context.expression(element, "xpath");
  return expression && { kind: "custom", expression };
}
