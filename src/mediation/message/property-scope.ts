/**
 * Property scopes: where each keeps its values, and what get-property and the XPath variables answer, the special
 * names of GetPropertyFunction included (To, FAULT, MESSAGE_FORMAT, SYSTEM_DATE, ...).
 */
import { MediationFault } from "../mediation-fault.ts";
import { isElement, textContentOf } from "../xml/dom.ts";
import { isFault, payloadOf } from "../xml/soap.ts";
import { addressingField } from "./addressing.ts";
import { formatJavaDate } from "./java-date.ts";
import { logText } from "./log-text.ts";
import type { Message } from "./message.ts";
import { envelopeOf } from "./payload-builder.ts";
import { propertyText, type PropertyValue } from "./property-value.ts";

export const PROPERTY_SCOPES = [
  "default",
  "axis2",
  "axis2-client",
  "transport",
  "operation",
  "registry",
] as const;

/** The scopes that the property mediator writes. */
export type PropertyScope = (typeof PROPERTY_SCOPES)[number];

/** Sets a property. `RESPONSE` of the default scope also switches the direction. */
export function setProperty(
  message: Message,
  scope: PropertyScope,
  name: string,
  value: PropertyValue,
): void {
  if (scope === "transport") {
    message.headers.set(name, headerText(value));
    return;
  }
  if (scope === "registry") {
    writeRegistry(message, name, propertyText(value));
    return;
  }
  mapOf(message, scope).set(name, value);
  if (scope === "default" && name === "RESPONSE")
    message.direction = propertyText(value).toLowerCase() === "true" ? "response" : "request";
}

/** An XML value stands in a header as the text inside it. */
function headerText(value: PropertyValue): string {
  const text = typeof value === "object" ? value.map(textContentOf).join("") : propertyText(value);
  return text.trim();
}

/** Removes a property. Removing TRANSPORT_HEADERS of axis2 removes all headers. */
export function removeProperty(message: Message, scope: PropertyScope, name: string): void {
  if (scope === "transport") {
    message.headers.remove(name);
    return;
  }
  if (scope === "registry") {
    writeRegistry(message, name, "");
    return;
  }
  if (scope === "axis2" && name === "TRANSPORT_HEADERS") message.headers.clear();
  mapOf(message, scope).delete(name);
}

function mapOf(
  message: Message,
  scope: Exclude<PropertyScope, "transport" | "registry">,
): Map<string, PropertyValue> {
  switch (scope) {
    case "default":
      return message.properties;
    case "axis2":
      return message.axis2;
    case "axis2-client":
      return message.axis2Client;
    case "operation":
    default:
      return message.exchange.operation;
  }
}

/** `get-property(..)`: a name, a scope and a name, or a scope, SYSTEM_DATE and a pattern; "" when there is nothing. */
export function getProperty(message: Message, args: readonly string[]): PropertyValue {
  const [first = "", second, third] = args;
  if (second === undefined) return defaultProperty(message, first, undefined) ?? "";
  const isDate = third !== undefined && second === "SYSTEM_DATE";
  if (isDate) return defaultProperty(message, second, third) ?? "";
  const scoped = scopedProperty(message, first, second);
  if (scoped !== undefined) return scoped.value ?? "";
  return defaultProperty(message, first, second) ?? "";
}

/** The value in a named scope; undefined when there is no such scope. */
function scopedProperty(
  message: Message,
  scope: string,
  name: string,
): { readonly value: PropertyValue | undefined } | undefined {
  switch (scope) {
    case "default":
    case "synapse":
      return { value: defaultProperty(message, name, undefined) };
    case "axis2":
    case "axis2-client":
      return { value: axis2Property(message, name) };
    case "transport":
      return { value: message.headers.get(name) };
    case "operation":
      return { value: message.exchange.operation.get(name) };
    case "func":
      return { value: message.templateFrames.at(-1)?.get(name) };
    case "system":
      return { value: systemProperty(message, name) };
    case "registry":
      return { value: registryText(message, name) };
    default:
      return undefined;
  }
}

/**
 * A resource as text, or what was written to it since it was deployed; "path@name": one of its properties, which
 * lie beside it in the resource "path.properties".
 */
function registryText(message: Message, path: string): string | undefined {
  const { environment } = message;
  const deployed = environment.resource(path);
  const whole = environment.shared.memory.registryText(path, deployed) ?? deployed?.text;
  const at = path.lastIndexOf("@");
  if (whole !== undefined || at < 1) return whole;
  const properties = message.environment.resource(`${path.slice(0, at)}.properties`)?.text ?? "";
  for (const line of properties.split(/\r?\n/)) {
    const equals = line.indexOf("=");
    if (equals > 0 && line.slice(0, equals).trim() === path.slice(at + 1))
      return line.slice(equals + 1).trim();
  }
  return undefined;
}

/** The registry belongs to the deployment: a write lasts on this node until the path is deployed anew. */
function writeRegistry(message: Message, path: string, text: string): void {
  const { environment } = message;
  if (!environment.shared.memory.writeRegistry(path, text, environment.resource(path)))
    throw new MediationFault(
      `Cannot write registry resource ${logText(path)}: too many were written since this node started`,
    );
}

/** An axis2 property; what the message context does not have, its options or its operation may. */
export function axis2Property(message: Message, name: string): PropertyValue | undefined {
  return (
    message.axis2.get(name) ??
    message.axis2Client.get(name) ??
    message.exchange.operation.get(name) ??
    requestProperty(message, name)
  );
}

/** Properties that the transport sets on arrival. */
function requestProperty(message: Message, name: string): string | undefined {
  const { request } = message.exchange;
  if (name === "REMOTE_ADDR") return request.remoteAddress;
  if (name === "TransportInURL") return request.target;
  if (name === "SERVICE_PREFIX") return `${request.addressPrefixes[request.transport] ?? ""}/`;
  if (name === "messageType") return message.headers.get("Content-Type")?.split(";")[0]?.trim();
  return name === "ContentType" ? message.headers.get("Content-Type") : undefined;
}

export function systemProperty(message: Message, name: string): string | undefined {
  const properties = message.environment.systemProperties;
  return Object.hasOwn(properties, name) ? properties[name] : undefined;
}

function defaultProperty(
  message: Message,
  name: string,
  argument: string | undefined,
): PropertyValue | undefined {
  const field = addressingField(name);
  if (field) return message.addressing[field];
  return specialProperty(message, name, argument) ?? storedProperty(message, name);
}

function storedProperty(message: Message, name: string): PropertyValue | undefined {
  return message.properties.get(name) ?? message.environment.localEntry(name)?.text;
}

function specialProperty(
  message: Message,
  name: string,
  argument: string | undefined,
): string | undefined {
  const wallMs = message.environment.clock.wallMs();
  switch (name) {
    case "FAULT":
      return faultFlag(message);
    case "MESSAGE_FORMAT":
      return messageFormat(message);
    case "OperationName":
      return payloadName(message)?.name;
    case "OperationNamespace":
      return payloadName(message)?.namespace;
    case "SYSTEM_TIME":
      return String(wallMs);
    case "SYSTEM_DATE":
      return formatJavaDate(wallMs, argument ?? DATE_PATTERN);
    default:
      return undefined;
  }
}

/** What java.text.SimpleDateFormat writes where nothing is said, in the locale en_US. */
const DATE_PATTERN = "M/d/yy h:mm a";

function faultFlag(message: Message): string | undefined {
  const { payload } = message.body;
  return payload?.kind === "envelope" && isFault(payload.envelope) ? "TRUE" : undefined;
}

function messageFormat(message: Message): string {
  if (message.isRest) return message.exchange.request.method === "GET" ? "get" : "pox";
  return message.soapVersion === "1.2" ? "soap12" : "soap11";
}

function payloadName(
  message: Message,
): { readonly name: string; readonly namespace: string } | undefined {
  const { payload } = message.body;
  if (!payload) return undefined;
  const element = payloadOf(envelopeOf(payload));
  if (!element || !isElement(element)) return undefined;
  return { name: element.localName ?? "", namespace: element.namespaceURI ?? "" };
}
