/**
 * `makefault`: replaces the envelope by a fault (FaultMediator): SOAP 1.1, SOAP 1.2, or `<Exception>` for plain XML.
 * Header blocks stay; FaultTo or ReplyTo becomes To. Unless response="false" the message becomes the answer.
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
import { bodyOf, emptyEnvelope, ensureHeader, headerOf } from "../xml/soap.ts";
import { evaluateProperty, type Expression } from "../message/expression.ts";
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
  /** Undefined: as the message. */
  readonly version: FaultVersion | undefined;
  /** Whether the message becomes the answer to the client. */
  readonly response: boolean;
  /** A qualified name; only its local part is used. Undefined for pox. */
  readonly code: ValueSource | undefined;
  readonly reason: ValueSource;
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
    const version = this.#options.version ?? versionOfMessage(message);
    const old = await message.envelope();
    const parts = await this.#parts(message);
    const envelope = version === "pox" ? exceptionEnvelope(parts) : soapFault(version, parts, old);
    message.replacePayload({ kind: "envelope", envelope, rest: version === "pox" });
    // The fault chooses its own formatter, not the one of the message that it replaces.
    message.axis2.delete("messageType");
    message.axis2.delete("ContentType");
    message.headers.set("Content-Type", CONTENT_TYPES[version]);
    const address = faultAddress(message.addressing);
    if (address === undefined) delete message.addressing.To;
    else message.addressing.To = address;
    if (this.#options.response) message.direction = "response";
    return true;
  }

  async #parts(message: Message): Promise<FaultParts> {
    const { code, reason, node, role, detail } = this.#options;
    const codeText = code ? await valueText(code, message) : "Server";
    return {
      code: codeText.slice(codeText.indexOf(":") + 1),
      reason: await valueText(reason, message),
      node,
      role,
      detail: detail && (await detailOf(detail, message)),
    };
  }
}

const CONTENT_TYPES: Readonly<Record<FaultVersion, string>> = {
  soap11: "text/xml",
  soap12: "application/soap+xml",
  pox: "application/xml",
};

function versionOfMessage(message: Message): FaultVersion {
  if (message.isRest) return "pox";
  return message.soapVersion === "1.2" ? "soap12" : "soap11";
}

function soapFault(version: "soap11" | "soap12", parts: FaultParts, old: XmlDocument): XmlDocument {
  const envelope = faultEnvelope(version === "soap12" ? "1.2" : "1.1", parts);
  const header = headerOf(old);
  if (header) for (const block of elementsOf(header)) appendCopy(ensureHeader(envelope), block);
  return envelope;
}

function exceptionEnvelope(parts: FaultParts): XmlDocument {
  const envelope = emptyEnvelope("1.1");
  const exception = appendElement(bodyOf(envelope), null, "Exception");
  const { detail = parts.reason } = parts;
  if (typeof detail === "string") exception.appendChild(envelope.createTextNode(detail));
  else for (const node of detail) appendCopy(exception, node);
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
