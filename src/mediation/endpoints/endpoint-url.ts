/**
 * The URL for a message at an endpoint: the endpoint's address, and for REST messages the rest of the path and the query
 * that the client asked for (REST_URL_POSTFIX), by the rules of Axis2FlexibleMEPClient.
 */
import type { Soon } from "../../runtime/soon.ts";
import { MediationFault } from "../mediation-fault.ts";
import type { Message } from "../message/message.ts";
import type { WireFormat } from "../message/message-formatter.ts";
import { propertyText } from "../message/property-value.ts";
import { elementsOf, textContentOf } from "../xml/dom.ts";
import { payloadOf } from "../xml/soap.ts";
import { type DirectEndpoint, type EndpointFormat, IMPLICIT_ENDPOINT } from "./endpoint.ts";
import type { UriTemplate } from "./uri-template.ts";

/** What an endpoint comes down to for one message. */
export interface Target {
  readonly endpoint: DirectEndpoint;
  /** The endpoint's own, or what its WSDL says. */
  readonly format: EndpointFormat | undefined;
  /** The address of its WSDL. Undefined: the endpoint has its own. */
  readonly wsdlUri: string | undefined;
}

/** Methods whose requests are REST whatever their content type is. */
const REST_METHODS: readonly string[] = ["GET", "DELETE", "PUT", "PATCH", "OPTIONS", "HEAD"];

/** @throws MediationFault when there is no address that HTTP reaches. */
export function requestUrl(message: Message, target: Target, wire: WireFormat): Soon<string> {
  const base = baseUrl(message, target);
  if (!isReachable(base))
    throw new MediationFault(
      `The system cannot infer the transport information from the ${base} URL.`,
    );
  const url = isPostfixed(message, target, wire)
    ? withPostfix(base, message.axis2Text("REST_URL_POSTFIX") ?? "")
    : base;
  if (target.format !== "get") return url;
  return payloadQuery(message).then((query) => withQuery(url, query));
}

/** Addresses that were found good: a configuration has few, and parsing one costs more than the rest of the URL. */
const GOOD = new Set<string>();
const GOOD_MAX = 1_000;

function isReachable(base: string): boolean {
  if (GOOD.has(base)) return true;
  if (!/^https?:\/\/[^/?#]/i.test(base) || !URL.canParse(base)) return false;
  if (GOOD.size >= GOOD_MAX) GOOD.clear();
  GOOD.add(base);
  return true;
}

function baseUrl(message: Message, { endpoint, wsdlUri }: Target): string {
  switch (endpoint.kind) {
    case "address":
      return endpoint.uri;
    case "wsdl":
      return wsdlUri ?? "";
    case "member":
      return memberUrl(message, endpoint);
    case "http":
      return expandTemplate(endpoint.template, message);
    case "default":
    default:
      return message.addressing.To ?? "";
  }
}

/** The variables of a message are its properties `uri.var.*` and `query.param.*`. */
function expandTemplate(template: UriTemplate, message: Message): string {
  if (template.variables.length === 0 || !hasVariables(message)) return template.literal;
  return template.expand((name) => {
    const value = isVariable(name) ? message.properties.get(name) : undefined;
    return value === undefined ? undefined : propertyText(value);
  });
}

function hasVariables(message: Message): boolean {
  for (const name of message.properties.keys()) if (isVariable(name)) return true;
  return false;
}

function isVariable(name: string): boolean {
  return name.startsWith("uri.var.") || name.startsWith("query.param.");
}

/** Scheme and port as the client came, the path of To, and the query that it asked with. */
function memberUrl(
  message: Message,
  { hostName, httpPort, httpsPort }: Extract<DirectEndpoint, { kind: "member" }>,
): string {
  const { transport } = message.exchange.request;
  const port = transport === "https" ? httpsPort : httpPort;
  if (port === undefined)
    throw new MediationFault(
      `The member ${hostName} has no ${transport}Port for a message that came over ${transport}`,
      { sending: true },
    );
  const to = message.addressing.To ?? "/";
  const path = URL.canParse(to) ? new URL(to).pathname : to;
  const [, query = ""] = (message.axis2Text("REST_URL_POSTFIX") ?? "").split("?", 2);
  return withQuery(`${transport}://${hostName}:${port}${path}`, query);
}

function isPostfixed(message: Message, { endpoint, format }: Target, wire: WireFormat): boolean {
  if (endpoint.kind === "http" || endpoint.kind === "member") return false;
  if (endpoint === IMPLICIT_ENDPOINT || format === "soap11" || format === "soap12") return false;
  if (format === "rest" || wire === "rest") return true;
  if (REST_METHODS.includes(message.axis2Text("HTTP_METHOD")?.toUpperCase() ?? "")) return true;
  return wire === "soap11" && message.addressing.Action === undefined;
}

function withPostfix(base: string, postfix: string): string {
  if (postfix === "") return base;
  const [path = "", query = ""] = base.split("?", 2);
  const stem = path.endsWith("/") && /^[/?]/.test(postfix) ? path.slice(0, -1) : path;
  const glue = stem.endsWith("/") || /^[/?]/.test(postfix) ? "" : "/";
  return withQuery(`${stem}${glue}${postfix}`, query);
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
