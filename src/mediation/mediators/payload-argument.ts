/**
 * Arguments of payloadFactory: what an argument's value is (XML, JSON or text) and how it stands in a template of each
 * media type: converted between XML and JSON, escaped where it is text.
 */
import { encodeEntities } from "../../config/xml-entities.ts";
import { type Expression, resultText } from "../message/expression.ts";
import { MediationFault } from "../mediation-fault.ts";
import type { Message } from "../message/message.ts";
import {
  isElement,
  elementsOf,
  isShownAsXml,
  nodeText,
  parseDocument,
  rootOf,
  serializeNode,
  type XmlNode,
} from "../xml/dom.ts";
import { parseJson } from "../xml/exact-number.ts";
import { jsonToXml } from "../xml/json-to-xml.ts";
import { xmlToJson } from "../xml/xml-to-json.ts";

export type PayloadMedia = "xml" | "json" | "text";

export interface PayloadArgument {
  readonly source:
    | { readonly kind: "value"; readonly value: string }
    | { readonly kind: "expression"; readonly expression: Expression };
  /** XML of this argument is not converted to JSON. */
  readonly literal: boolean;
}

export interface ArgumentValue {
  readonly kind: "xml" | "json" | "string";
  readonly text: string;
  readonly literal?: boolean;
}

/** The value of an argument for this message. */
export async function argumentOf(
  argument: PayloadArgument,
  message: Message,
): Promise<ArgumentValue> {
  const { source, literal } = argument;
  if (source.kind === "value") return { ...classifyText(source.value), literal };
  const result = await source.expression.evaluate(message);
  if (result.kind === "xpath" && typeof result.value === "object")
    return { ...nodesValue(result.value), literal };
  const text = resultText(result);
  if (result.kind === "json" && /^\s*[{[]/.test(text)) return { kind: "json", text, literal };
  return { ...classifyText(text), literal };
}

/** Elements that hold elements stay XML, one after the other; anything else is its text. */
function nodesValue(nodes: readonly XmlNode[]): ArgumentValue {
  // Several elements stand for themselves, one element that holds text stands for its text.
  if (nodes.length > 1 && nodes.every(isElement))
    return { kind: "xml", text: nodes.map(serializeNode).join("") };
  if (!nodes.some(isShownAsXml)) return classifyText(nodes.map(nodeText).join(""));
  const parts = nodes.map((node) =>
    isShownAsXml(node) ? nodeText(node) : encodeEntities(nodeText(node)),
  );
  return { kind: "xml", text: parts.join("") };
}

/** Text that is an XML element counts as XML. */
export function classifyText(text: string): ArgumentValue {
  const trimmed = text.trim();
  const looksXml = trimmed.startsWith("<") && trimmed.endsWith(">");
  return { kind: looksXml && isXml(trimmed) ? "xml" : "string", text };
}

function isXml(text: string): boolean {
  try {
    parseDocument(text);
    return true;
  } catch (error) {
    if (error instanceof MediationFault) return false;
    throw error;
  }
}

/**
 * The text that replaces a placeholder.
 * @param quoteStrings text in JSON that is no number, boolean or null gets quotes of its own.
 */
export function argumentText(
  value: ArgumentValue,
  media: PayloadMedia,
  quoteStrings = false,
): string {
  switch (media) {
    case "text":
      return value.text;
    case "xml":
      return xmlText(value);
    case "json":
    default:
      return quoteStrings && isQuotable(value) ? JSON.stringify(value.text) : jsonText(value);
  }
}

function isQuotable({ kind, text }: ArgumentValue): boolean {
  if (kind !== "string") return false;
  return !/^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)$/.test(text);
}

function xmlText(value: ArgumentValue): string {
  if (value.kind === "xml") return value.text.replace(/^\s*<\?xml[^>]*\?>/, "");
  if (value.kind === "string") return encodeEntities(value.text);
  const wrapper = rootOf(parseDocument(jsonToXml(parseJson(value.text))));
  return elementsOf(wrapper).map(serializeNode).join("");
}

/** Text that begins like an object or an array stands in JSON as it is: a property often holds JSON. */
function jsonText(value: ArgumentValue): string {
  if (value.kind === "json" || /^\s*[{[]/.test(value.text)) return value.text;
  if (value.kind === "string" || value.literal === true)
    return JSON.stringify(value.text).slice(1, -1);
  const wrapper = rootOf(parseDocument(`<jsonObject>${xmlText(value)}</jsonObject>`));
  return xmlToJson(wrapper);
}
