/**
 * What tasks do (MessageInjector): put a message of their own into the main sequence, a named sequence or a proxy service.
 * The message is SOAP 1.2 unless the format says soap11, soap12, pox or get.
 */
import type { HeaderList, ServiceRequest } from "../engine.ts";
import { MediationFault } from "../mediation-fault.ts";
import type { Message } from "../message/message.ts";
import { requireSequence, runSequence } from "../mediators/sequence.ts";
import { detachedRequest, discardAnswer, runDetached } from "../run/detached-flow.ts";
import { requestMessage } from "../run/request-message.ts";
import { runProxy } from "../run/service-flow.ts";
import { emptyEnvelope, envelopeAround } from "../xml/soap.ts";
import { parseDocument, rootOf, serializeNode } from "../xml/dom.ts";
import type { JobWorld } from "./job-world.ts";

export const MESSAGE_FORMATS = ["soap11", "soap12", "pox", "get"] as const;
export type MessageFormat = (typeof MESSAGE_FORMATS)[number];

export interface InjectorDefinition {
  /** The payload: XML text, or the key of a resource that holds it. */
  readonly payload:
    | { readonly kind: "text"; readonly xml: string }
    | { readonly kind: "key"; readonly key: string };
  readonly format: MessageFormat;
  readonly to: string | undefined;
  readonly soapAction: string | undefined;
  readonly target:
    | { readonly kind: "main" }
    | { readonly kind: "sequence"; readonly name: string }
    | { readonly kind: "proxy"; readonly name: string };
}

/** Injects one message; resolves when it was mediated. @throws MediationFault when there is no message or target. */
export async function injectMessage(
  definition: InjectorDefinition,
  world: JobWorld,
): Promise<void> {
  const { target } = definition;
  const request = requestOf(definition, world);
  if (target.kind === "proxy") return injectToProxy(target.name, request, world);
  const key = target.kind === "sequence" ? target.name : "main";
  const { environment, services } = world;
  if (!environment.sequence(key)) throw new MediationFault(`Sequence: ${key} not found`);
  await runDetached(
    { environment, services, request },
    (exchange) => addressed(requestMessage(exchange, environment), definition),
    async (message) => runSequence(requireSequence(message, key), message),
  );
}

async function injectToProxy(
  name: string,
  request: ServiceRequest,
  { environment, services }: JobWorld,
): Promise<void> {
  const service = services.get(name);
  if (!service) throw new MediationFault(`Proxy Service: ${name} not found`);
  discardAnswer(await runProxy(service, request, environment));
}

function addressed(message: Message, { to, soapAction }: InjectorDefinition): Message {
  // The message came by no path.
  message.axis2.delete("REST_URL_POSTFIX");
  delete message.addressing.To;
  if (to !== undefined) message.addressing.To = to;
  if (soapAction !== undefined) message.addressing.Action = soapAction;
  return message;
}

function requestOf(definition: InjectorDefinition, world: JobWorld): ServiceRequest {
  const { format, soapAction, target } = definition;
  const xml = payloadXml(definition, world);
  const headers: HeaderList =
    soapAction !== undefined && format === "soap11"
      ? [contentType(format), ["SOAPAction", `"${soapAction}"`]]
      : [contentType(format)];
  const parts = {
    method: format === "get" ? "GET" : "POST",
    target: target.kind === "proxy" ? `/services/${target.name}` : "/",
    headers,
  };
  return detachedRequest(parts, Buffer.from(wrapped(xml, format)));
}

function contentType(format: MessageFormat): readonly [string, string] {
  if (format === "soap11") return ["Content-Type", "text/xml; charset=UTF-8"];
  const type = format === "soap12" ? "application/soap+xml" : "application/xml";
  return ["Content-Type", `${type}; charset=UTF-8`];
}

function payloadXml({ payload }: InjectorDefinition, { environment }: JobWorld): string {
  if (payload.kind === "text") return payload.xml;
  const resource = environment.resource(payload.key);
  if (!resource) throw new MediationFault(`Key ${payload.key} not found`);
  return resource.text;
}

function wrapped(xml: string, format: MessageFormat): string {
  if (format === "pox" || format === "get") return xml;
  const version = format === "soap11" ? "1.1" : "1.2";
  if (xml === "") return serializeNode(rootOf(emptyEnvelope(version)));
  return serializeNode(rootOf(envelopeAround(version, [rootOf(parseDocument(xml))])));
}
