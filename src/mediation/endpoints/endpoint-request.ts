/**
 * The HTTP request for an endpoint: address, method, headers and body of a message, in the endpoint's format. Request
 * headers of the client pass on (Cookie, Authorization, X-Forwarded-* included); those of its connection and
 * Host do not.
 */
import type { EndpointRequest, HeaderList } from "../engine.ts";
import { MediationFault } from "../mediation-fault.ts";
import { ADDRESSING_NAMESPACES, removeAddressing } from "../message/addressing.ts";
import type { Message } from "../message/message.ts";
import { formatMessage, type WireFormat, wireOf } from "../message/message-formatter.ts";
import { propertyText } from "../message/property-value.ts";
import { appendElement, elementsOf, textContentOf } from "../xml/dom.ts";
import { ensureHeader, payloadOf } from "../xml/soap.ts";
import type { DirectEndpoint } from "./call-endpoint.ts";
import type { EndpointFormat } from "./endpoint.ts";

/** @throws MediationFault when there is no address or the body is faulty. */
export async function endpointRequest(
  message: Message,
  endpoint: DirectEndpoint,
): Promise<EndpointRequest> {
  const { settings } = endpoint;
  if (endpoint.kind === "default" && !message.isRest) await message.payload();
  const wire = wireFor(settings.format);
  if (wire !== undefined) message.axis2.delete("messageType");
  const url = await requestUrl(message, endpoint, wire ?? wireOf(message));
  await prepareAddressing(message, url, settings.addressing);
  if (message.axis2Flag("DISABLE_CHUNKING") || message.axis2Flag("FORCE_SC_ACCEPTED"))
    await message.body.buffer();
  const spoken = wire ?? wireOf(message);
  const method = methodOf(message, endpoint);
  const formatted = hasBody(message, method, spoken)
    ? await formatMessage(message, wire)
    : { body: undefined, contentType: undefined };
  return {
    method,
    url,
    headers: requestHeaders(message, formatted.contentType, spoken),
    body: formatted.body,
    timeoutMs: settings.timeoutMs,
  };
}

/** What a format attribute forces. "rest" and "get" leave the body as it is. */
function wireFor(format: EndpointFormat | undefined): WireFormat | undefined {
  if (format === "soap11" || format === "soap12") return format;
  return format === "pox" ? "rest" : undefined;
}

async function requestUrl(
  message: Message,
  endpoint: DirectEndpoint,
  wire: WireFormat,
): Promise<string> {
  const base = baseUrl(message, endpoint);
  if (!URL.canParse(base) || !/^https?:/i.test(base))
    throw new MediationFault(
      `The system cannot infer the transport information from the ${base} URL.`,
    );
  if (endpoint.kind === "http") return base;
  if (endpoint.settings.format === "get") return withQuery(base, await payloadQuery(message));
  if (wire !== "rest" || endpoint.kind === "default") return base;
  return withPostfix(base, message.axis2Text("REST_URL_POSTFIX") ?? "");
}

function baseUrl(message: Message, endpoint: DirectEndpoint): string {
  switch (endpoint.kind) {
    case "address":
      return endpoint.uri;
    case "default":
      return message.addressing.To ?? "";
    case "http":
    default:
      return endpoint.template.expand((name) => {
        const value = message.properties.get(name);
        return value === undefined ? undefined : propertyText(value);
      });
  }
}

function withPostfix(base: string, postfix: string): string {
  if (postfix === "") return base;
  if (postfix.startsWith("?")) return withQuery(base, postfix.slice(1));
  const [path = "", query = ""] = base.split("?", 2);
  const joined = path.endsWith("/") && postfix.startsWith("/") ? path.slice(0, -1) : path;
  return withQuery(`${joined}${postfix}`, query);
}

function withQuery(url: string, query: string): string {
  if (query === "") return url;
  return `${url}${url.includes("?") ? "&" : "?"}${query}`;
}

/** Format "get": the children of the payload as query parameters. */
async function payloadQuery(message: Message): Promise<string> {
  const payload = payloadOf(await message.envelope());
  const fields = new URLSearchParams();
  for (const element of payload ? elementsOf(payload) : [])
    fields.append(element.localName ?? element.nodeName, textContentOf(element));
  return fields.toString();
}

function methodOf(message: Message, endpoint: DirectEndpoint): string {
  if (endpoint.kind === "http" && endpoint.method !== undefined) return endpoint.method;
  const { format } = endpoint.settings;
  if (format === "get") return "GET";
  if (format !== undefined && format !== "rest") return "POST";
  return message.axis2Text("HTTP_METHOD")?.toUpperCase() ?? "POST";
}

/** SOAP always has an envelope; a request that came without a body and got none goes out without. */
function hasBody(message: Message, method: string, wire: WireFormat): boolean {
  if (method === "GET" || method === "HEAD") return false;
  return wire !== "rest" || !message.axis2Flag("NO_ENTITY_BODY");
}

/** Addressing headers of the client end here, unless a property keeps them or the endpoint asks for new ones. */
async function prepareAddressing(message: Message, url: string, enabled: boolean): Promise<void> {
  if (enabled && !message.isRest) {
    await writeAddressing(message, url);
    return;
  }
  const keep = message.flag("PRESERVE_WS_ADDRESSING") || message.flag("preserveProcessedHeaders");
  const { payload } = message.body;
  if (!keep && payload?.kind === "envelope" && !payload.rest) removeAddressing(payload.envelope);
}

async function writeAddressing(message: Message, url: string): Promise<void> {
  const envelope = await message.editableEnvelope();
  removeAddressing(envelope);
  const header = ensureHeader(envelope);
  const [namespace = ""] = ADDRESSING_NAMESPACES;
  const { MessageID, Action } = message.addressing;
  const fields = { To: url, MessageID, Action };
  for (const [name, value] of Object.entries(fields))
    if (value !== undefined) appendElement(header, namespace, `wsa:${name}`, value);
}

function requestHeaders(
  message: Message,
  contentType: string | undefined,
  wire: WireFormat,
): HeaderList {
  const headers = message.headers
    .forRequest()
    .filter(([name]) => !isReplaced(name.toLowerCase(), contentType, wire));
  const written: (readonly [string, string])[] = [...headers];
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
