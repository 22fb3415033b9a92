/**
 * `xquery`: the result of a query takes the place of the target (XQueryMediator). It runs in a process
 * (transform/xquery-runner.ts). Variables come from constants, keys and expressions, typed as the configuration says.
 */
import { textOf } from "../../config/xml-query.ts";
import { messageOf } from "../../errors/app-error.ts";
import type { Expression, ExpressionResult } from "../message/expression.ts";
import { resultText } from "../message/expression.ts";
import type { LocalEntry } from "../message/local-entry.ts";
import type { Message } from "../message/message.ts";
import { MediationFault } from "../mediation-fault.ts";
import type { XQueryJob, XQueryValue } from "../transform/xquery-job.ts";
import { XQUERY_RUNNER } from "../transform/xquery-runner.ts";
import {
  isElement,
  parseDocument,
  serializeNode,
  type XmlElementNode,
  type XmlNode,
} from "../xml/dom.ts";
import { payloadOf } from "../xml/soap.ts";
import { type KeyReference, keyOf } from "./key-reference.ts";
import type { Mediator } from "./mediator.ts";
import { putResult } from "./transform-result.ts";

export interface XQueryVariable {
  readonly name: string;
  /** Upper-case: DOCUMENT, ELEMENT, STRING, INT, BOOLEAN, DOUBLE ... */
  readonly type: string;
  readonly source:
    | { readonly kind: "value"; readonly value: string }
    | { readonly kind: "expression"; readonly expression: Expression }
    | { readonly kind: "key"; readonly key: KeyReference }
    /** The target. */
    | { readonly kind: "payload" };
}

export interface XQueryOptions {
  readonly key: KeyReference;
  /** Undefined: the first child of the body. */
  readonly target: Expression | undefined;
  readonly variables: readonly XQueryVariable[];
}

export class XQueryMediator implements Mediator {
  readonly kind = "xquery";
  readonly #options: XQueryOptions;

  constructor(options: XQueryOptions) {
    this.#options = options;
  }

  async mediate(message: Message): Promise<boolean> {
    const key = await keyOf(this.#options.key, message);
    const query = message.environment.resource(key);
    if (!query) throw new MediationFault(`Key ${key} not found: xquery has no query`);
    const target = await this.#target(message);
    const variables: Record<string, XQueryValue> = {};
    for (const variable of this.#options.variables)
      variables[variable.name] = await valueOf(variable, target, message);
    const job = { query: queryOf(query), payload: serializeNode(target), variables };
    putResult(message, target, await run(job, key));
    return true;
  }

  async #target(message: Message): Promise<XmlElementNode> {
    const envelope = await message.editableEnvelope();
    const { target } = this.#options;
    const result = target && (await target.evaluate(message));
    const node = result ? nodesOf(result)[0] : payloadOf(envelope);
    if (node && isElement(node)) return node;
    throw new MediationFault(
      `The evaluation of the XPath expression ${target?.source ?? "of the body"} did not result in an element: xquery has no target`,
    );
  }
}

/** In XML the query is the text of the root, `<x><![CDATA[..]]></x>` in the samples. */
function queryOf({ element, text }: LocalEntry): string {
  const inner = element ? textOf(element) : "";
  return inner.trim() === "" ? text : inner;
}

function nodesOf(result: ExpressionResult): readonly XmlNode[] {
  return result.kind === "xpath" && typeof result.value === "object" ? result.value : [];
}

async function valueOf(
  { name, type, source }: XQueryVariable,
  target: XmlElementNode,
  message: Message,
): Promise<XQueryValue> {
  switch (source.kind) {
    case "value":
      return typed(source.value, type);
    case "payload":
      return typed(serializeNode(target), type);
    case "key": {
      const entry = message.environment.resource(await keyOf(source.key, message));
      if (entry) return typed(entry.text, type);
      throw new MediationFault(`The resource of the xquery variable ${name} cannot be found`);
    }
    case "expression":
    default: {
      const result = await source.expression.evaluate(message);
      const [node] = nodesOf(result);
      return typed(node && isXmlType(type) ? serializeNode(node) : resultText(result), type);
    }
  }
}

function isXmlType(type: string): boolean {
  return type === "DOCUMENT" || type === "DOCUMENT_ELEMENT" || type === "ELEMENT";
}

/** @throws MediationFault when the text is not of the type. */
function typed(text: string, type: string): XQueryValue {
  if (isXmlType(type)) {
    // The fault of a variable that is no XML is told here, in the words that other mediators have for it.
    parseDocument(text);
    return { kind: type === "ELEMENT" ? "element" : "document", text };
  }
  if (type === "BOOLEAN") return { kind: "plain", value: text.trim() === "true" };
  if (!/^(?:INT|INTEGER|LONG|SHORT|BYTE|DOUBLE|FLOAT|DECIMAL)$/.test(type))
    return { kind: "plain", value: text };
  const number = Number(text);
  if (text.trim() !== "" && !Number.isNaN(number)) return { kind: "plain", value: number };
  throw new MediationFault(`The value "${text}" of an xquery variable is not of type ${type}`);
}

async function run(job: XQueryJob, key: string): Promise<string> {
  try {
    return await XQUERY_RUNNER.run(job);
  } catch (error) {
    throw new MediationFault(`Error during the querying with ${key}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
