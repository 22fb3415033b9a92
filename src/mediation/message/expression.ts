/**
 * Expressions of artifacts: XPath over the envelope, or JSONPath written as `json-eval($.a.b)`. An expression
 * that looks into the message builds its body first; one that only reads properties and headers leaves the
 * body unread, so that it still passes through as bytes.
 */
import { MediationFault } from "../mediation-fault.ts";
import { rootOf, type XmlNode } from "../xml/dom.ts";
import { parseJson } from "../xml/exact-number.ts";
import { compileJsonPath, type JsonPath, jsonPathText, type JsonValue } from "../xml/json-path.ts";
import { bodyOf, emptyEnvelope, headerOf } from "../xml/soap.ts";
import { xmlToJson } from "../xml/xml-to-json.ts";
import { payloadOf } from "../xml/soap.ts";
import {
  compileXPath,
  touchesMessage,
  xpathBoolean,
  type XPathExpression,
  type XPathScope,
  xpathText,
  type XPathValue,
} from "../xml/xpath.ts";
import { type Soon, whenThere } from "../../runtime/soon.ts";
import { javaNumberText } from "./java-number.ts";
import type { Message } from "./message.ts";
import type { Payload } from "./payload-builder.ts";
import { axis2Property, getProperty, systemProperty } from "./property-scope.ts";
import { propertyXPathValue, type PropertyValue } from "./property-value.ts";

/** What an expression yielded, before it is made text. */
export type ExpressionResult =
  | { readonly kind: "xpath"; readonly value: XPathValue }
  | {
      readonly kind: "json";
      readonly hits: readonly JsonValue[];
      /** Whether the path can only ever have one hit. */
      readonly isDefinite: boolean;
    };

export interface Expression {
  readonly source: string;
  /** Whether evaluating it reads the message's body. */
  readonly touchesMessage: boolean;
  /** The path, when this is a JSONPath. */
  readonly jsonPath?: JsonPath;
  /** At once when it does not read the body. @throws MediationFault when the expression or the body it needs is faulty. */
  evaluate(message: Message): Soon<ExpressionResult>;
}

/**
 * Compiles the value of an expression attribute.
 * @param evaluator "json": the source is a JSONPath even without json-eval( ).
 * @throws SyntaxError when it is neither XPath 1.0 nor a supported JSONPath.
 */
export function compileExpression(
  source: string,
  namespaces: ReadonlyMap<string, string>,
  evaluator: "xml" | "json" = "xml",
): Expression {
  const json = /^\s*json-eval\((.*)\)\s*$/s.exec(source)?.[1];
  if (json !== undefined) return jsonExpression(source, compileJsonPath(json));
  if (evaluator === "json") return jsonExpression(source, compileJsonPath(source));
  return xpathExpression(compileXPath(source, namespaces));
}

/** The text of a result. */
export function resultText(result: ExpressionResult): string {
  return result.kind === "json" ? jsonPathText(result) : valueText(result.value);
}

/** The text that the expression yields. */
export async function evaluateText(expression: Expression, message: Message): Promise<string> {
  return resultText(await expression.evaluate(message));
}

/** The truth of what the expression yields: a node set or a hit that exists, a text that is not empty. */
export function evaluateBoolean(expression: Expression, message: Message): Soon<boolean> {
  return whenThere(expression.evaluate(message), (result) => {
    if (result.kind === "xpath") return xpathBoolean(result.value);
    return result.hits.some((hit) => hit !== false && hit !== null);
  });
}

/** The text of an XPath result: its numbers are Java's. */
function valueText(value: XPathValue): string {
  return typeof value === "number" ? javaNumberText(value) : xpathText(value);
}

/** The value for a property: nodes stay nodes, anything else becomes text. */
export function evaluateProperty(expression: Expression, message: Message): Soon<PropertyValue> {
  return whenThere(expression.evaluate(message), (result) => {
    const areNodes = result.kind === "xpath" && typeof result.value === "object";
    return areNodes ? result.value : resultText(result);
  });
}

function jsonExpression(source: string, path: JsonPath): Expression {
  return {
    source,
    touchesMessage: true,
    jsonPath: path,
    async evaluate(message) {
      const root = jsonOf(await message.payload());
      return { kind: "json", hits: path.select(root), isDefinite: path.isDefinite };
    },
  };
}

/** The payload as JSON. */
function jsonOf(payload: Payload): JsonValue {
  if (payload.kind === "json") return payload.value;
  const element = payloadOf(payload.envelope);
  return element ? parseJson(xmlToJson(element)) : null;
}

/** The context node of expressions that do not look at it. */
const NO_MESSAGE = rootOf(emptyEnvelope("1.1"));

function xpathExpression(xpath: XPathExpression): Expression {
  const touches = touchesMessage(xpath.source);
  return {
    source: xpath.source,
    touchesMessage: touches,
    evaluate(message) {
      const on = (node: XmlNode): ExpressionResult => {
        return { kind: "xpath", value: xpath.evaluate(new MessageScope(message, node)) };
      };
      if (!touches) return on(NO_MESSAGE);
      return message.envelope().then((envelope) => on(rootOf(envelope)));
    },
  };
}

/** What XPath expressions may ask of a message, with any node as context. */
export class MessageScope implements XPathScope {
  readonly node: XmlNode;
  readonly #message: Message;

  constructor(message: Message, node: XmlNode) {
    this.#message = message;
    this.node = node;
  }

  property(args: readonly string[]): XPathValue {
    return propertyXPathValue(getProperty(this.#message, args));
  }

  variable(prefix: string, name: string): XPathValue | undefined {
    if (prefix === "") return this.#part(name);
    return propertyXPathValue(this.#prefixed(prefix, name) ?? "");
  }

  #part(name: string): XPathValue | undefined {
    const document = this.node.ownerDocument;
    if (!document) return undefined;
    if (name === "env") return [rootOf(document)];
    if (name === "body") return [bodyOf(document)];
    if (name !== "header") return undefined;
    const header = headerOf(document);
    return header ? [header] : [];
  }

  #prefixed(prefix: string, name: string): PropertyValue | undefined {
    const message = this.#message;
    switch (prefix) {
      case "ctx":
        return message.properties.get(name);
      case "axis2":
        return axis2Property(message, name);
      case "trp":
        return message.headers.get(name);
      case "url":
        return queryParameter(message.exchange.request.target, name);
      case "operation":
        return message.exchange.operation.get(name);
      case "sys":
        return systemProperty(message, name);
      case "func":
        return message.templateFrames.at(-1)?.get(name);
      default:
        throw new MediationFault(`Undeclared variable: $${prefix}:${name}`);
    }
  }
}

/** Names count in any case, and "+" stays as it is (SynapseXPathVariableContext). */
function queryParameter(target: string, name: string): string | undefined {
  const question = target.indexOf("?");
  if (question === -1) return undefined;
  for (const parameter of target.slice(question + 1).split("&")) {
    const [key = "", value = ""] = parameter.split("=", 2);
    if (key.toLowerCase() === name.toLowerCase()) return decoded(value);
  }
  return undefined;
}

/** Percent-encoding undone; a text that is not encoded rightly stays as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
