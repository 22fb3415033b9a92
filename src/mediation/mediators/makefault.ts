/**
 * `makefault`: replaces the envelope by a fault (FaultMediator): SOAP 1.1, SOAP 1.2, or for "pox" the content of the body by
 * `<Exception>`. Header blocks stay; FaultTo or ReplyTo becomes To. Unless response="false" the message becomes the
 * answer. Clients that speak no SOAP see a SOAP fault as `<Exception>` too, see run/client-response.ts.
 */
import type { Addressing } from "../message/addressing.ts";
import type { Message } from "../message/message.ts";
import {
  appendCopy,
  appendElement,
  elementsOf,
  parseDocument,
  rootOf,
  type XmlDocument,
  type XmlNode,
} from "../xml/dom.ts";
import { faultEnvelope, type FaultParts } from "../xml/soap-fault.ts";
import { bodyOf, ensureHeader, headerOf, payloadOf } from "../xml/soap.ts";
import { clientWireOf } from "../run/client-response.ts";
import { evaluateProperty, evaluateText, type Expression } from "../message/expression.ts";
import { propertyText } from "../message/property-value.ts";
import type { Mediator } from "./mediator.ts";
import { type ValueSource, valueText } from "./named-value.ts";

export type FaultVersion = "soap11" | "soap12" | "pox";

/** Detail: text, elements in place (as text), or an expression. */
export type FaultDetail =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "xml"; readonly elements: readonly string[] }
  | { readonly kind: "expression"; readonly expression: Expression };

export interface MakefaultOptions {
  readonly version: FaultVersion;
  /** Whether the message becomes the answer to the client. */
  readonly response: boolean;
  /** A qualified name; only its local part is used. Undefined for pox. */
  readonly code: ValueSource | undefined;
  /** Undefined is possible for pox. */
  readonly reason: ValueSource | undefined;
  readonly node: string | undefined;
  readonly role: string | undefined;
  readonly detail: FaultDetail | undefined;
}

export class MakefaultMediator implements Mediator {
  readonly kind = "makefault";
  readonly #options: MakefaultOptions;

  constructor(options: MakefaultOptions) {
    this.#options = options;
  }

  async mediate(message: Message): Promise<boolean> {
    const { version } = this.#options;
    if (version === "pox") await this.#replaceBody(message);
    else await this.#replaceEnvelope(message, version);
    if (this.#options.response) message.direction = "response";
    return true;
  }

  async #replaceEnvelope(message: Message, version: "soap11" | "soap12"): Promise<void> {
    const old = await message.envelope();
    const envelope = soapFault(version, await this.#parts(message), old);
    message.replacePayload({ kind: "envelope", envelope, rest: false });
    if (clientWireOf(message.exchange.request) !== "rest") useContentType(message, version);
    const { addressing } = message;
    const address = faultAddress(addressing);
    if (address === undefined) delete addressing.To;
    else addressing.To = address;
    if (addressing.MessageID !== undefined) addressing.RelatesTo = addressing.MessageID;
  }

  /** The message stays what it is, SOAP or not, but is the report of a failure. */
  async #replaceBody(message: Message): Promise<void> {
    const text = await this.#exceptionText(message);
    const envelope = await message.editableEnvelope();
    const body = bodyOf(envelope);
    const content = payloadOf(envelope);
    if (content) body.removeChild(content);
    appendElement(body, null, "Exception", text);
    message.axis2.delete("NO_ENTITY_BODY");
    message.isFailure = true;
    if (this.#options.response) delete message.addressing.To;
  }

  /** The detail where it is text or an expression, else the reason. */
  async #exceptionText(message: Message): Promise<string> {
    const { detail, reason } = this.#options;
    if (detail?.kind === "text") return detail.text;
    if (detail?.kind === "expression") return evaluateText(detail.expression, message);
    return reason ? valueText(reason, message) : "";
  }

  async #parts(message: Message): Promise<FaultParts> {
    const { code, reason, node, role, detail } = this.#options;
    const codeText = code ? await valueText(code, message) : "Server";
    return {
      code: codeText.slice(codeText.indexOf(":") + 1),
      reason: reason ? await valueText(reason, message) : "",
      node,
      role,
      detail: detail && (await detailOf(detail, message)),
    };
  }
}

/** The fault chooses its own formatter, not the one of the message that it replaces. */
function useContentType(message: Message, version: "soap11" | "soap12"): void {
  message.axis2.delete("messageType");
  message.axis2.delete("ContentType");
  const type = version === "soap12" ? "application/soap+xml" : "text/xml";
  message.headers.set("Content-Type", type);
}

function soapFault(version: "soap11" | "soap12", parts: FaultParts, old: XmlDocument): XmlDocument {
  const envelope = faultEnvelope(version === "soap12" ? "1.2" : "1.1", parts);
  const header = headerOf(old);
  if (header) for (const block of elementsOf(header)) appendCopy(ensureHeader(envelope), block);
  return envelope;
}

/** Where the fault goes: to FaultTo, else to ReplyTo, else nowhere but back. */
function faultAddress({ FaultTo, ReplyTo }: Addressing): string | undefined {
  return FaultTo ?? ReplyTo;
}

async function detailOf(
  detail: FaultDetail,
  message: Message,
): Promise<string | readonly XmlNode[]> {
  if (detail.kind === "text") return detail.text;
  if (detail.kind === "xml") return detail.elements.map((xml) => rootOf(parseDocument(xml)));
  const value = await evaluateProperty(detail.expression, message);
  return typeof value === "object" ? value : propertyText(value);
}
