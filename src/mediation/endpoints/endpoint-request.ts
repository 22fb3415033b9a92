/**
 * The HTTP request for an endpoint: method, headers and body of a message, in the endpoint's format. Request headers of
 * the client pass on (Cookie, Authorization, X-Forwarded-* included); those of its connection and Host do not.
 * Axis2 properties that steer the sender (DISABLE_CHUNKING, FORCE_HTTP_1.0, NO_KEEPALIVE, POST_TO_URI ...) are
 * read here; the caller of endpoints writes them to the wire.
 */
import type { Soon } from "../../runtime/soon.ts";
import type { EndpointRequest, HeaderList } from "../engine.ts";
import { ADDRESSING_NAMESPACES, removeAddressing } from "../message/addressing.ts";
import { parseContentType } from "../message/content-type.ts";
import { evaluateText, type Expression } from "../message/expression.ts";
import { logText } from "../message/log-text.ts";
import type { Message } from "../message/message.ts";
import { WrittenEnvelope } from "../message/written-envelope.ts";
import {
  type FormattedBody,
  formatMessage,
  type WireFormat,
  wireOf,
} from "../message/message-formatter.ts";
import { appendElement } from "../xml/dom.ts";
import { ensureHeader, payloadOf } from "../xml/soap.ts";
import {
  type DirectEndpoint,
  type EndpointFormat,
  endpointLabel,
  type EndpointSettings,
} from "./endpoint.ts";
import { requestUrl, type Target } from "./endpoint-url.ts";
import type { WsdlAddress } from "./wsdl-address.ts";
import { documentAddress } from "./wsdl-document.ts";

const NO_BODY: FormattedBody = { body: undefined, contentType: undefined };

/** Waits for nothing that is there already. @throws MediationFault when there is no address or the body is faulty. */
export async function endpointRequest(
  message: Message,
  endpoint: DirectEndpoint,
): Promise<EndpointRequest> {
  const { settings } = endpoint;
  if (endpoint.kind === "default" && !message.isRest) await message.payload();
  const found = targetOf(message, endpoint);
  const target = found instanceof Promise ? await found : found;
  const forced = wireFor(target.format);
  if (forced !== undefined) message.axis2.delete("messageType");
  if (settings.encoding !== undefined)
    message.axis2.set("CHARACTER_SET_ENCODING", settings.encoding);
  const wire = forced ?? wireOf(message);
  const asked = requestUrl(message, target, wire);
  const url = typeof asked === "string" ? asked : await asked;
  const written = prepareAddressing(message, url, settings);
  if (written) await written;
  const length = keptLength(message);
  if (needsLength(message, length)) await message.body.buffer();
  const method = methodOf(message, target);
  const made = hasBody(message, method, wire) ? formatMessage(message, forced) : NO_BODY;
  const { body, contentType } = made instanceof Promise ? await made : made;
  const headers = requestHeaders(message, contentTypeFor(message, method, contentType), wire);
  if (body && !Buffer.isBuffer(body) && length !== undefined)
    headers.push(["Content-Length", length]);
  return {
    method,
    url,
    headers,
    body,
    timeoutMs: settings.timeoutExpression
      ? await computedTimeout(settings.timeoutExpression, message, settings)
      : settings.timeoutMs,
    ...wireOptions(message),
  };
}

/** Undefined keeps the message's own: a DELETE with a body of the same media type has its header as it came. */
function contentTypeFor(
  message: Message,
  method: string,
  formatted: string | undefined,
): string | undefined {
  if (method !== "DELETE" || formatted === undefined) return formatted;
  const came = parseContentType(message.headers.get("Content-Type")).type;
  return came === parseContentType(formatted).type ? undefined : formatted;
}

/** The form and, for WSDL endpoints, the address. */
function targetOf(message: Message, endpoint: DirectEndpoint): Soon<Target> {
  const { format } = endpoint.settings;
  if (endpoint.kind !== "wsdl") return { endpoint, format, wsdlUri: undefined };
  const { source, settings } = endpoint;
  const at = (address: WsdlAddress): Target => {
    return { endpoint, format: format ?? address.format, wsdlUri: address.uri };
  };
  return source.kind === "address"
    ? at(source)
    : documentAddress(source, settings, message).then(at);
}

/** What a format attribute forces. "rest" and "get" leave the body as it is. */
function wireFor(format: EndpointFormat | undefined): WireFormat | undefined {
  if (format === "soap11" || format === "soap12") return format;
  return format === "pox" ? "rest" : undefined;
}

/** COPY_CONTENT_LENGTH_FROM_INCOMING: a body that nobody has looked into goes on with the length that it came with. */
function keptLength(message: Message): string | undefined {
  if (message.axis2.size === 0 || message.body.payload) return undefined;
  const isKept =
    message.axis2Flag("FORCE_HTTP_CONTENT_LENGTH") &&
    message.axis2Flag("COPY_CONTENT_LENGTH_FROM_INCOMING");
  return isKept ? message.headers.bodyLength : undefined;
}

/** Properties that ask for a request whose length is known before it is sent; one that is kept is known. */
function needsLength(message: Message, kept: string | undefined): boolean {
  if (message.axis2.size === 0) return false;
  return (
    message.axis2Flag("DISABLE_CHUNKING") ||
    message.axis2Flag("FORCE_HTTP_1.0") ||
    (kept === undefined && message.axis2Flag("FORCE_HTTP_CONTENT_LENGTH")) ||
    message.axis2Flag("FORCE_SC_ACCEPTED")
  );
}

/** How the request is written. */
function wireOptions(
  message: Message,
): Pick<EndpointRequest, "closes" | "absoluteTarget" | "httpVersion"> {
  if (message.axis2.size === 0) return {};
  const isOld = message.axis2Flag("FORCE_HTTP_1.0");
  const closes = isOld || message.axis2Flag("NO_KEEPALIVE");
  const isAbsolute = message.axis2Flag("POST_TO_URI") || message.axis2Flag("FULL_URI");
  return {
    ...(isOld ? { httpVersion: "1.0" } : {}),
    ...(closes ? { closes } : {}),
    ...(isAbsolute ? { absoluteTarget: isAbsolute } : {}),
  };
}

/** Undefined: the caller's default. An expression that yields no number of milliseconds gives that too. */
async function computedTimeout(
  expression: Expression,
  message: Message,
  settings: EndpointSettings,
): Promise<number | undefined> {
  const text = (await evaluateText(expression, message)).trim();
  const timeoutMs = /^\d{1,9}(?:\.0)?$/.test(text) ? Number(text) : Number.NaN;
  if (timeoutMs > 0) return timeoutMs;
  if (timeoutMs !== 0)
    message.environment.log.warn(
      `Error while evaluating dynamic endpoint timeout expression of ${endpointLabel(settings)} : "${logText(text)}" is no number of milliseconds. The default is used`,
    );
  return settings.timeoutMs;
}

function methodOf(message: Message, { endpoint, format }: Target): string {
  if (endpoint.kind === "http" && endpoint.method !== undefined) return endpoint.method;
  if (format === "get") return "GET";
  if (format === "soap11" || format === "soap12") return "POST";
  const method = message.axis2Text("HTTP_METHOD")?.toUpperCase() ?? "POST";
  return format === "pox" && (method === "GET" || method === "HEAD") ? "POST" : method;
}

/**
 * SOAP always has an envelope, unless FORCE_POST_PUT_NOBODY allows a POST or PUT without; a request that came without
 * a body and got none goes out without. A payload that mediation has made wins over NO_ENTITY_BODY.
 */
function hasBody(message: Message, method: string, wire: WireFormat): boolean {
  if (method === "GET" || method === "HEAD") return false;
  const isEmpty = message.axis2Flag("NO_ENTITY_BODY") || message.body.isEmpty;
  if (!isEmpty) return true;
  const mayBeEmpty = wire === "rest" || message.axis2Flag("FORCE_POST_PUT_NOBODY");
  return !mayBeEmpty || isPayloadMade(message);
}

function isPayloadMade({ body: { payload } }: Message): boolean {
  if (!payload) return false;
  return payload.kind === "json" || payloadOf(payload.envelope) !== undefined;
}

/** Addressing headers of the client end here, unless a property keeps them or the endpoint asks for new ones. */
function prepareAddressing(
  message: Message,
  url: string,
  { addressing }: EndpointSettings,
): Promise<void> | undefined {
  if (addressing !== undefined && !message.isRest) return writeAddressing(message, url, addressing);
  const { payload } = message.body;
  if (payload?.kind !== "envelope" || payload.rest) return undefined;
  // One that nobody has looked into has no header blocks.
  if (payload instanceof WrittenEnvelope && payload.version) return undefined;
  if (!message.keepsAddressing) removeAddressing(payload.envelope);
  return undefined;
}

async function writeAddressing(
  message: Message,
  url: string,
  version: "final" | "submission",
): Promise<void> {
  const envelope = await message.editableEnvelope();
  removeAddressing(envelope);
  const header = ensureHeader(envelope);
  const [final = "", submission = ""] = ADDRESSING_NAMESPACES;
  const namespace = version === "final" ? final : submission;
  const { MessageID, Action } = message.addressing;
  const fields = { To: url, MessageID, Action };
  for (const [name, value] of Object.entries(fields))
    if (value !== undefined) appendElement(header, namespace, `wsa:${name}`, value);
}

function requestHeaders(
  message: Message,
  contentType: string | undefined,
  wire: WireFormat,
): HeaderList[number][] {
  const written = message.headers.forRequest((lower) => isReplaced(lower, contentType, wire));
  if (contentType !== undefined) written.push(["Content-Type", contentType]);
  const action = message.addressing.Action;
  if (wire === "soap11")
    written.push(["SOAPAction", `"${(action ?? "").replace(/["\r\n]/g, "")}"`]);
  const host = message.axis2Text("REQUEST_HOST_HEADER");
  if (host !== undefined) written.push(["Host", host.replace(/[^\w.:[\]-]/g, "")]);
  return written;
}

function isReplaced(name: string, contentType: string | undefined, wire: WireFormat): boolean {
  if (name === "content-type") return contentType !== undefined;
  if (name === "content-encoding") return contentType !== undefined;
  return name === "soapaction" && wire !== "rest";
}
