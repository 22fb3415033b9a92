/**
 * `xslt` and `fastXSLT`: replaces an element of the message by its transformation, or keeps that in a property
 * (XSLTMediator). A result that is not XML becomes a text payload.
 */
import { evaluateText, type Expression } from "../message/expression.ts";
import type { Message } from "../message/message.ts";
import { logText } from "../message/log-text.ts";
import { MediationFault } from "../mediation-fault.ts";
import { saxonMissing, hasSaxon, transformWithSaxon } from "../transform/saxon.ts";
import { readStylesheet, type Stylesheet } from "../transform/stylesheet.ts";
import { XSLT_TRANSFORMER } from "../transform/xslt-transformer.ts";
import { isElement, serializeNode, type XmlElementNode } from "../xml/dom.ts";
import { payloadOf } from "../xml/soap.ts";
import { type KeyReference, keyOf } from "./key-reference.ts";
import type { Mediator } from "./mediator.ts";
import { type NamedValue, valueText } from "./named-value.ts";
import { documentOf, putResult } from "./transform-result.ts";

export interface XsltOptions {
  readonly key: KeyReference;
  /** Undefined: the first child of the body. */
  readonly source: Expression | undefined;
  /** The property that gets the result; undefined: it replaces the source. */
  readonly target: string | undefined;
  readonly parameters: readonly NamedValue[];
  /** location → key of what the stylesheet imports. */
  readonly resources: ReadonlyMap<string, string>;
}

/** Stylesheets that one mediator keeps: a dynamic key may name many. */
const STYLESHEETS_MAX = 32;

export class XsltMediator implements Mediator {
  readonly kind: string;
  readonly #options: XsltOptions;
  readonly #stylesheets = new Map<string, Stylesheet>();

  constructor(kind: "xslt" | "fastXSLT", options: XsltOptions) {
    this.kind = kind;
    this.#options = options;
  }

  async mediate(message: Message): Promise<boolean> {
    const { target, key } = this.#options;
    const stylesheetKey = await keyOf(key, message);
    const stylesheet = this.#stylesheet(stylesheetKey, message);
    const parameters = new Map<string, string>();
    for (const parameter of this.#options.parameters)
      parameters.set(parameter.name, await valueText(parameter, message));
    const source = await this.#source(message);
    const text = await run(stylesheet, stylesheetKey, serializeNode(source), parameters, message);
    if (target === undefined) putResult(message, source, text);
    else {
      const document = documentOf(text);
      message.properties.set(target, document?.documentElement ? [document.documentElement] : text);
    }
    return true;
  }

  #stylesheet(key: string, message: Message): Stylesheet {
    const known = this.#stylesheets.get(key);
    if (known) return known;
    const stylesheet = readStylesheet(key, this.#options.resources, message.environment);
    if (this.#stylesheets.size >= STYLESHEETS_MAX) this.#stylesheets.clear();
    this.#stylesheets.set(key, stylesheet);
    return stylesheet;
  }

  async #source(message: Message): Promise<XmlElementNode> {
    const envelope = await message.editableEnvelope();
    const { source } = this.#options;
    if (!source) {
      const payload = payloadOf(envelope);
      if (payload) return payload;
      throw new MediationFault(
        "The evaluation of the XPath expression s11:Body/child::*[position()=1] | s12:Body/child::*[position()=1] did not result in an OMNode : null",
      );
    }
    const result = await source.evaluate(message);
    const node =
      result.kind === "xpath" && typeof result.value === "object" ? result.value[0] : undefined;
    if (node && isElement(node)) return node;
    const found = await evaluateText(source, message);
    throw new MediationFault(
      `The evaluation of the XPath expression ${source.source} did not result in an OMNode : ${found}`,
    );
  }
}

// eslint-disable-next-line max-params
async function run(
  stylesheet: Stylesheet,
  key: string,
  source: string,
  parameters: ReadonlyMap<string, string>,
  message: Message,
): Promise<string> {
  if (stylesheet.newer !== undefined) {
    if (!hasSaxon()) throw new MediationFault(saxonMissing(key, stylesheet.newer));
    return transformWithSaxon(stylesheet.text, source, parameters);
  }
  const { text, messages } = await XSLT_TRANSFORMER.transform({
    stylesheetId: stylesheet.id,
    stylesheet: stylesheet.text,
    resources: stylesheet.resources,
    source,
    parameters: [...parameters].flatMap(([name, value]) => [name, xpathLiteral(value)]),
  });
  if (messages !== "")
    message.environment.log.warn(`Stylesheet ${key}: ${logText(messages.trim())}`);
  return text;
}

/** A text as an XPath 1.0 expression: a literal cannot hold both kinds of quotes. */
function xpathLiteral(text: string): string {
  if (!text.includes("'")) return `'${text}'`;
  if (!text.includes('"')) return `"${text}"`;
  const parts = text.split("'").map((part) => `'${part}'`);
  return `concat(${parts.join(`,"'",`)})`;
}
