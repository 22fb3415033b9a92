/**
 * Reads `payloadFactory` (PayloadFactoryMediatorFactory):
 *
 *   <payloadFactory [media-type="xml|json|text"]>
 *     <format (key="local entry|{xpath}")>template</format>
 *     <args>
 *       <arg (value="literal" | expression="xpath|json path") [evaluator="xml|json"] [literal="true|false"]/>*
 *     </args>?
 *   </payloadFactory>
 */
import {
  attributeOf,
  childElements,
  childNamed,
  childrenNamed,
} from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import type { PayloadArgument, PayloadMedia } from "../../mediators/payload-argument.ts";
import {
  PayloadFactoryMediator,
  type PayloadFactoryOptions,
} from "../../mediators/payload-factory.ts";
import { elementText } from "../element-text.ts";
import type { MediatorReader, ReadContext } from "./read-context.ts";

const MEDIA: readonly PayloadMedia[] = ["xml", "json", "text"];

export const payloadFactoryReader: MediatorReader = {
  name: "payloadFactory",
  read(element, context) {
    const word = attributeOf(element, "media-type") ?? "xml";
    const media = MEDIA.find((known) => known === word);
    if (!media)
      return context.error(
        element,
        `Invalid media-type "${word}" for a payloadFactory: it must be one of ${MEDIA.join(", ")}`,
      );
    const format = readFormat(element, media, context);
    const args = readArguments(element, context);
    return format && args && new PayloadFactoryMediator({ media, format, args });
  },
};

function readFormat(
  element: XmlElement,
  media: PayloadMedia,
  context: ReadContext,
): PayloadFactoryOptions["format"] | undefined {
  const format = childNamed(element, "format");
  if (!format)
    return context.error(element, "The 'format' element is required for a payloadFactory mediator");
  const keyText = attributeOf(format, "key");
  if (keyText !== undefined) {
    const key = context.keyReference(format, keyText);
    return key && { kind: "key", key };
  }
  const [child] = childElements(format);
  if (media === "xml" && child) return { kind: "inline", text: elementText(child) };
  const text = format.children
    .map((node) => (node.kind === "text" ? node.value : node.source))
    .join("");
  return { kind: "inline", text: media === "text" ? text : text.trim() };
}

/** Undefined when an argument is faulty. */
function readArguments(
  element: XmlElement,
  context: ReadContext,
): readonly PayloadArgument[] | undefined {
  const parent = childNamed(element, "args");
  const elements = parent ? childrenNamed(parent, "arg") : [];
  const args = elements.map((arg) => readArgument(arg, context)).filter((arg) => arg !== undefined);
  return args.length === elements.length ? args : undefined;
}

function readArgument(element: XmlElement, context: ReadContext): PayloadArgument | undefined {
  const literal = attributeOf(element, "literal") === "true";
  const value = attributeOf(element, "value");
  if (value !== undefined) return { source: { kind: "value", value }, literal };
  const text = attributeOf(element, "expression");
  if (text === undefined || text.trim() === "")
    return context.error(
      element,
      "Value or expression is required for the arg of a payloadFactory mediator",
    );
  const expression = context.expression(element, "expression");
  return expression && { source: { kind: "expression", expression }, literal };
}
