/**
 * `callout`: calls a service and waits for it (CalloutMediator). The source (an element of the message, a property or the whole
 * envelope) is sent on a copy of the message; the first element of the response goes to the target (an element of the
 * message or a property), or the response's envelope replaces the message's. Waiting costs no thread here.
 */
import { messageOf } from "../../errors/app-error.ts";
import { callEndpoint } from "../endpoints/call-endpoint.ts";
import type { Endpoint } from "../endpoints/endpoint.ts";
import { FAULT_CODES, MediationFault } from "../mediation-fault.ts";
import type { Expression } from "../message/expression.ts";
import type { Message } from "../message/message.ts";
import { envelopeOf } from "../message/payload-builder.ts";
import { setProperty } from "../message/property-scope.ts";
import { propertyText } from "../message/property-value.ts";
import { isElement, parseDocument, rootOf, type XmlElementNode } from "../xml/dom.ts";
import { faultPartsOf } from "../xml/soap-fault.ts";
import { bodyOf, headerOf, payloadOf } from "../xml/soap.ts";
import type { Mediator } from "./mediator.ts";

export type CalloutPlace =
  | { readonly kind: "expression"; readonly expression: Expression }
  /** Name of a property of the default scope. */
  | { readonly kind: "property"; readonly name: string }
  | { readonly kind: "envelope" };

export interface CalloutOptions {
  /** Undefined: the message's To. */
  readonly endpoint: Endpoint | undefined;
  /** SOAPAction of the call. Undefined: the message's. */
  readonly action: string | undefined;
  readonly source: CalloutPlace;
  readonly target: CalloutPlace;
  /** Sends the SOAP headers of the message along. */
  readonly passHeaders: boolean;
}

export class CalloutMediator implements Mediator {
  readonly kind = "callout";
  readonly #options: CalloutOptions;

  constructor(options: CalloutOptions) {
    this.#options = options;
  }

  async mediate(message: Message): Promise<boolean> {
    const request = await this.#request(message);
    const response = await this.#call(request);
    if (response === "dropped") return false;
    if (response) await this.#take(message, response);
    else message.axis2.set("HTTP_SC", 202);
    return true;
  }

  async #request(message: Message): Promise<Message> {
    const { source, action, passHeaders } = this.#options;
    const element = source.kind === "envelope" ? undefined : await sourceElement(source, message);
    const request = await message.fork();
    // Faults of the call are this mediator's, and its headers are not those of another service.
    request.faultHandlers.length = 0;
    request.axis2.delete("REST_URL_POSTFIX");
    if (action !== undefined) request.addressing.Action = action;
    if (!element) return request;
    replaceBody(request, element, passHeaders);
    return request;
  }

  async #call(request: Message): Promise<Message | "dropped" | undefined> {
    try {
      const result = await callEndpoint(request, this.#options.endpoint);
      if (result.kind === "dropped") return "dropped";
      if (result.kind === "one-way") return undefined;
      const response = request.responseTo(result.response);
      await result.learn?.(response);
      await response.payload();
      refuseFault(response);
      return response;
    } catch (error) {
      throw calloutFault(error);
    }
  }

  async #take(message: Message, response: Message): Promise<void> {
    const { target } = this.#options;
    const payload = await response.payload();
    const result = payloadOf(envelopeOf(payload));
    for (const name of ["HTTP_SC", "HTTP_SC_DESC"]) {
      const value = response.axis2.get(name);
      if (value === undefined) message.axis2.delete(name);
      else message.axis2.set(name, value);
    }
    if (target.kind === "envelope") replaceMessage(message, response);
    else if (result && target.kind === "property")
      setProperty(message, "default", target.name, [result]);
    else if (result && target.kind === "expression") await replaceTarget(message, target, result);
  }
}

async function sourceElement(
  source: Exclude<CalloutPlace, { kind: "envelope" }>,
  message: Message,
): Promise<XmlElementNode> {
  if (source.kind === "property") return propertyElement(source.name, message);
  const result = await source.expression.evaluate(message);
  const node =
    result.kind === "xpath" && typeof result.value === "object" ? result.value[0] : undefined;
  if (node && isElement(node)) return node;
  throw new MediationFault(
    `The evaluation of the XPath expression : ${source.expression.source} did not result in an OMElement`,
  );
}

function propertyElement(name: string, message: Message): XmlElementNode {
  const value = message.properties.get(name);
  if (value === undefined) throw new MediationFault(`The property ${name} of a callout is not set`);
  const node = typeof value === "object" ? value[0] : undefined;
  if (node && isElement(node)) return node;
  return rootOf(parseDocument(propertyText(value).trim()));
}

function replaceBody(request: Message, element: XmlElementNode, passHeaders: boolean): void {
  const { payload } = request.body;
  if (!payload) return;
  const envelope = envelopeOf(payload);
  const body = bodyOf(envelope);
  const copy = envelope.importNode(element, true);
  while (body.firstChild) body.removeChild(body.firstChild);
  body.appendChild(copy);
  const header = headerOf(envelope);
  if (header && !passHeaders) header.parentNode?.removeChild(header);
  const rest = payload.kind === "json" || payload.rest;
  request.replacePayload({ kind: "envelope", envelope, rest });
}

/** A SOAP fault in the answer is a failure of the call. */
function refuseFault(response: Message): void {
  const { payload } = response.body;
  const parts = payload?.kind === "envelope" ? faultPartsOf(payload.envelope) : undefined;
  if (!parts) return;
  throw new MediationFault(parts.reason, { faultCode: FAULT_CODES.callout, sending: true });
}

function calloutFault(error: unknown): MediationFault {
  const detail = error instanceof MediationFault ? error.detail : messageOf(error);
  const text = messageOf(error) || "Error while performing the callout operation";
  return new MediationFault(text, {
    faultCode: FAULT_CODES.callout,
    detail,
    sending: true,
    cause: error,
  });
}

/** The response's envelope and media type; a response without a body leaves the message without one. */
function replaceMessage(message: Message, response: Message): void {
  const { payload } = response.body;
  if (!payload) return;
  message.replacePayload(payload);
  const type = response.headers.get("Content-Type");
  if (type !== undefined) message.headers.set("Content-Type", type);
  message.axis2.delete("messageType");
  message.axis2.delete("ContentType");
  const isBare = payload.kind === "envelope" && payload.rest && !payloadOf(payload.envelope);
  if (isBare) message.axis2.set("NO_ENTITY_BODY", "true");
}

async function replaceTarget(
  message: Message,
  { expression }: Extract<CalloutPlace, { kind: "expression" }>,
  result: XmlElementNode,
): Promise<void> {
  const envelope = await message.editableEnvelope();
  const found = await expression.evaluate(message);
  const node =
    found.kind === "xpath" && typeof found.value === "object" ? found.value[0] : undefined;
  if (!node || !isElement(node) || !node.parentNode)
    throw new MediationFault(
      `The evaluation of the XPath expression : ${expression.source} did not result in an OMElement`,
    );
  node.parentNode.replaceChild(envelope.importNode(result, true), node);
}
