/**
 * The answer to the client: status, headers and body of a message (PassThroughHttpSender). The status is HTTP_SC where it
 * is set (a backend's status is kept that way), 500 for a fault, else 200; FORCE_SC_ACCEPTED wins
 * over all. A SOAP payload that was built takes the form that the client spoke, and loses its addressing headers.
 */
import { type Soon, whenThere } from "../../runtime/soon.ts";
import type { HeaderList, ServiceRequest, ServiceResponse } from "../engine.ts";
import { removeAddressing } from "../message/addressing.ts";
import { parseContentType } from "../message/content-type.ts";
import type { Message } from "../message/message.ts";
import { formatMessage, type WireFormat } from "../message/message-formatter.ts";
import type { Payload } from "../message/payload-builder.ts";
import { WrittenEnvelope } from "../message/written-envelope.ts";
import { isFault } from "../xml/soap.ts";
import { exceptionEnvelope, faultPartsOf } from "../xml/soap-fault.ts";

/** The ack of a request that nothing answers. */
export const ACCEPTED: ServiceResponse = { status: 202, headers: [], body: undefined };

/** What the client spoke, by its headers; undefined for text/xml without SOAPAction, which may be either. */
export function clientWireOf(request: ServiceRequest): WireFormat | undefined {
  const find = (wanted: string): string | undefined =>
    request.headers.find(([name, , lower]) => (lower ?? name.toLowerCase()) === wanted)?.[1];
  const { type } = parseContentType(find("content-type"));
  if (type === "application/soap+xml") return "soap12";
  if (type !== "text/xml") return "rest";
  return find("soapaction") === undefined ? undefined : "soap11";
}

/** @throws MediationFault when the body has to be built and is faulty. */
export function clientResponse(message: Message, request: ServiceRequest): Soon<ServiceResponse> {
  if (message.axis2Flag("FORCE_SC_ACCEPTED")) {
    message.body.discard();
    return ACCEPTED;
  }
  const status = statusOf(message);
  const reason = reasonOf(message, status);
  const head = reason === undefined ? { status } : { status, reason };
  if (message.axis2Flag("NO_ENTITY_BODY") || status === 204 || status === 304) {
    message.body.discard();
    return { ...head, headers: headersOf(message, null), body: undefined };
  }
  const wire = clientWireOf(request);
  if (wire === "rest") simplifyFault(message);
  const { payload } = message.body;
  const isSoap = payload?.kind === "envelope" && !payload.rest;
  // One that nobody has looked into has no header blocks.
  const isUnread = payload instanceof WrittenEnvelope && payload.version !== undefined;
  if (isSoap && !isUnread && !message.keepsAddressing) removeAddressing(payload.envelope);
  const formatted = formatMessage(message, isSoap ? wire : undefined);
  return whenThere(formatted, ({ body, contentType }) => {
    const type = body === undefined ? null : contentType;
    return { ...head, headers: headersOf(message, type), body };
  });
}

/** A SOAP fault of the engine's own is an `<Exception>` for a client that speaks no SOAP; those of endpoints stay. */
function simplifyFault(message: Message): void {
  const { payload } = message.body;
  if (!mayBeFault(payload) || payload.rest || message.endpointStatus) return;
  const parts = faultPartsOf(payload.envelope);
  if (parts)
    message.body.replace({ kind: "envelope", envelope: exceptionEnvelope(parts), rest: true });
}

function statusOf(message: Message): number {
  const set = Number(message.axis2Text("HTTP_SC") ?? Number.NaN);
  if (Number.isInteger(set) && set >= 200 && set <= 599) return set;
  const { payload } = message.body;
  const isFaulty = message.isFailure || (mayBeFault(payload) && isFault(payload.envelope));
  return isFaulty && !message.axis2Flag("FAULTS_AS_HTTP_200") ? 500 : 200;
}

/** An envelope, but for one that is bytes and whose first tag says that it is no fault: that one is not read for it. */
function mayBeFault(
  payload: Payload | undefined,
): payload is Extract<Payload, { kind: "envelope" }> {
  if (payload?.kind !== "envelope") return false;
  return !(payload instanceof WrittenEnvelope) || payload.mayBeFault;
}

/** HTTP_SC_DESC, unless it is the phrase of an endpoint's status that mediation has replaced. */
function reasonOf(message: Message, status: number): string | undefined {
  const reason = message.axis2Text("HTTP_SC_DESC");
  const came = message.endpointStatus;
  if (came && came.status !== status && came.reason === reason) return undefined;
  return reason?.replace(/[^\t -~]/g, "");
}

/**
 * `contentType`: undefined keeps the message's, as the body is untouched, and its length; null leaves it out with
 * the rest that describes a body.
 */
function headersOf(message: Message, contentType: string | null | undefined): HeaderList {
  const headers = message.headers.forResponse();
  if (contentType === undefined) {
    const length = message.headers.bodyLength;
    if (length !== undefined) headers.push(["Content-Length", length, "content-length"]);
    return headers;
  }
  const others = headers.filter(([name]) => !/^content-(?:type|encoding|md5|range)$/i.test(name));
  return contentType === null ? others : [...others, ["Content-Type", contentType]];
}
