/**
 * Reads `makefault` (FaultMediatorFactory):
 *
 *   <makefault [version="soap11|soap12|pox"] [response="true|false"]>
 *     <code (value="qname" | expression="xpath")/>            not for pox
 *     <reason (value="string" | expression="xpath")/>         may be absent for pox
 *     <node>string</node>? <role>string</role>?
 *     <detail [expression="xpath"]>text or elements</detail>?
 *   </makefault>
 *
 * Without a version it is SOAP 1.1, whatever the message is.
 */
import { attributeOf, childElements, childNamed, textOf } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import {
  type FaultDetail,
  type FaultVersion,
  MakefaultMediator,
} from "../../mediators/makefault.ts";
import type { ValueSource } from "../../mediators/named-value.ts";
import { elementText } from "../element-text.ts";
import type { MediatorReader, ReadContext } from "./read-context.ts";

const VERSIONS: readonly FaultVersion[] = ["soap11", "soap12", "pox"];

export const makefaultReader: MediatorReader = {
  name: "makefault",
  read(element, context) {
    const word = attributeOf(element, "version") ?? "soap11";
    const version = VERSIONS.find((known) => known === word);
    if (!version) return context.error(element, "Invalid SOAP version");
    const isPlain = version === "pox";
    const code = isPlain ? undefined : readCode(element, context);
    const mayLack = isPlain && !childNamed(element, "reason");
    const reason = mayLack ? undefined : readPart(element, "reason", context);
    if ((!reason && !mayLack) || (!isPlain && !code)) return undefined;
    return new MakefaultMediator({
      version,
      response: attributeOf(element, "response") !== "false",
      code,
      reason,
      node: textIn(element, "node"),
      role: textIn(element, "role"),
      detail: readDetail(element, context),
    });
  },
};

/** A code has to be a qualified name whose prefix is declared. */
function readCode(element: XmlElement, context: ReadContext): ValueSource | undefined {
  const code = readPart(element, "code", context);
  const child = childNamed(element, "code");
  if (code?.kind !== "text" || !child) return code;
  const [prefix = "", name] = code.text.split(":", 2);
  if (name !== undefined && child.namespaces.has(prefix)) return code;
  return context.error(child, "Invalid QName for the code of a makefault mediator");
}

function readPart(
  element: XmlElement,
  name: "code" | "reason",
  context: ReadContext,
): ValueSource | undefined {
  const child = childNamed(element, name);
  if (!child)
    return context.error(element, `The fault ${name} should be specified by a '${name}' element`);
  const before = context.problems.errors.length;
  const source = context.valueSource(child);
  if (!source && context.problems.errors.length === before)
    context.error(child, `A 'value' or 'expression' attribute must specify the fault ${name}`);
  return source;
}

function textIn(element: XmlElement, name: string): string | undefined {
  const child = childNamed(element, name);
  return child && textOf(child);
}

function readDetail(element: XmlElement, context: ReadContext): FaultDetail | undefined {
  const child = childNamed(element, "detail");
  if (!child) return undefined;
  if (attributeOf(child, "expression") !== undefined) {
    const expression = context.expression(child, "expression");
    return expression && { kind: "expression", expression };
  }
  const elements = childElements(child).map((inner) => elementText(inner, true));
  return elements.length > 0 ? { kind: "xml", elements } : { kind: "text", text: textOf(child) };
}
