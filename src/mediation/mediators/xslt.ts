/**
 * `xslt` and `fastXSLT`: replaces an element of the message by its transformation, or keeps that in a property
 * (XSLTMediator). A result that is not XML becomes a text payload.
 */
import { evaluateText, type Expression } from "../message/expression.ts";
import type { Message } from "../message/message.ts";
import { logText } from "../message/log-text.ts";
import { unreadPayload } from "../message/unread-payload.ts";
import { WrittenEnvelope } from "../message/written-envelope.ts";
import { MediationFault } from "../mediation-fault.ts";
import { PerGeneration } from "../per-generation.ts";
import { saxonMissing, hasSaxon, transformWithSaxon } from "../transform/saxon.ts";
import { readStylesheet, type Stylesheet } from "../transform/stylesheet.ts";
import type { XsltAnswer } from "../transform/xslt-job.ts";
import { faultOf, TransformerBusy, XSLT_TRANSFORMER } from "../transform/xslt-transformer.ts";
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
  readonly #stylesheets = new PerGeneration(() => new Map<string, Stylesheet>());

  constructor(kind: "xslt" | "fastXSLT", options: XsltOptions) {
    this.kind = kind;
    this.#options = options;
  }

  async mediate(message: Message): Promise<boolean> {
    try {
      return await this.#transform(message);
    } catch (error) {
      // A client hears that it may try again, unless a fault sequence says something else.
      if (error instanceof TransformerBusy) message.exchange.unanswered(503);
      throw error;
    }
  }

  async #transform(message: Message): Promise<boolean> {
    const { target, key } = this.#options;
    const stylesheetKey = await keyOf(key, message);
    const stylesheet = this.#stylesheet(stylesheetKey, message);
    const parameters = new Map<string, string>();
    for (const parameter of this.#options.parameters)
      parameters.set(parameter.name, await valueText(parameter, message));
    const run: StylesheetRun = { stylesheet, key: stylesheetKey, parameters };
    if (await this.#unread(run, message)) return true;
    const source = await this.#source(message);
    const text = await transformText(run, serializeNode(source), message);
    if (target === undefined) putResult(message, source, text);
    else {
      const document = documentOf(text);
      message.properties.set(target, document?.documentElement ? [document.documentElement] : text);
    }
    return true;
  }

  /**
   * Transforms the payload of a message that nobody has looked into without making a tree of it, nor of the result.
   * @returns false when the message has to be read.
   */
  async #unread(run: StylesheetRun, message: Message): Promise<boolean> {
    const { source, target } = this.#options;
    if (source || target !== undefined || !run.stylesheet.writesXml) return false;
    const bytes = await message.unreadBytes();
    const parts = bytes && unreadPayload(bytes, message.headers.get("Content-Type"));
    if (!parts) return false;
    const answer = await transformBytes(run, new Uint8Array(parts.content), message);
    const content = answer.isElement === true && answer.bytes && elementBytes(answer.bytes);
    if (content) message.replacePayload(new WrittenEnvelope({ ...parts, content }));
    return content instanceof Uint8Array;
  }

  #stylesheet(key: string, message: Message): Stylesheet {
    const kept = this.#stylesheets.of(message.environment.shared);
    const known = kept.get(key);
    if (known) return known;
    const stylesheet = readStylesheet(key, this.#options.resources, message.environment);
    if (kept.size >= STYLESHEETS_MAX) kept.clear();
    kept.set(key, stylesheet);
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

interface StylesheetRun {
  readonly stylesheet: Stylesheet;
  readonly key: string;
  readonly parameters: ReadonlyMap<string, string>;
}

async function transformText(
  run: StylesheetRun,
  source: string,
  message: Message,
): Promise<string> {
  const { stylesheet, key, parameters } = run;
  if (stylesheet.newer !== undefined) {
    if (!hasSaxon()) throw new MediationFault(saxonMissing(key, stylesheet.newer));
    return transformWithSaxon(stylesheet.text, source, parameters);
  }
  const answer = await transformBytes(run, new TextEncoder().encode(source), message);
  if (!answer.bytes) throw faultOf(answer);
  return Buffer.from(answer.bytes).toString("utf8");
}

async function transformBytes(
  { stylesheet, key, parameters }: StylesheetRun,
  source: Uint8Array,
  message: Message,
): Promise<XsltAnswer> {
  const answer = await XSLT_TRANSFORMER.transform({
    stylesheetId: stylesheet.id,
    stylesheet,
    source,
    parameters: [...parameters].flatMap(([name, value]) => [name, xpathLiteral(value)]),
  });
  if (answer.bytes && answer.messages !== "")
    message.environment.log.warn(`Stylesheet ${key}: ${logText(answer.messages.trim())}`);
  return answer;
}

/** A result without XML declaration; undefined for HTML, which libxslt writes when the root is called so. */
function elementBytes(result: Uint8Array): Uint8Array | undefined {
  const bytes = Buffer.from(result.buffer, result.byteOffset, result.length);
  const start = /^<\?xml[^>]*\?>\s*/.exec(bytes.toString("latin1", 0, 200))?.[0].length ?? 0;
  const head = bytes.toString("latin1", start, start + 6);
  const end = bytes.at(-1) === 0x0a ? bytes.length - 1 : bytes.length;
  return head.startsWith("<") && !/^<html\b/i.test(head) ? bytes.subarray(start, end) : undefined;
}

/** A text as an XPath 1.0 expression: a literal cannot hold both kinds of quotes. */
function xpathLiteral(text: string): string {
  if (!text.includes("'")) return `'${text}'`;
  if (!text.includes('"')) return `"${text}"`;
  const parts = text.split("'").map((part) => `'${part}'`);
  return `concat(${parts.join(`,"'",`)})`;
}
