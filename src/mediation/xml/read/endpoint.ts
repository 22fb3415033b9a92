/**
 * Reads endpoints, in place and as artifacts (EndpointFactory):
 *
 *   <endpoint [name="string"] key="string|{xpath}"/>    <endpoint key-expression="xpath"/>
 *   <endpoint [name="string"]>
 *     <address uri="url" [format="soap11|soap12|pox|get|rest"]>settings</address>
 *     | <http uri-template="template" [method="verb"]>settings</http>
 *     | <default [format=..]>settings</default>
 *   </endpoint>
 *
 *   settings := <enableAddressing/>? <timeout><duration>ms</duration><responseAction>fault|discard</responseAction></timeout>?
 *               <markForSuspension/>? <suspendOnFailure/>?      (read, without effect: a warning says so)
 */
import { attributeOf, childElements, childNamed, textOf } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import {
  type Endpoint,
  ENDPOINT_FORMATS,
  type EndpointFormat,
  type EndpointSettings,
} from "../../endpoints/endpoint.ts";
import { compileUriTemplate } from "../../endpoints/uri-template.ts";
import type { ReadContext } from "./read-context.ts";

const KINDS = ["address", "http", "default"] as const;
const OTHER_KINDS: readonly string[] = [
  "wsdl",
  "loadbalance",
  "failover",
  "recipientlist",
  "dynamicLoadbalance",
  "session",
];
const WITHOUT_EFFECT: readonly string[] = [
  "markForSuspension",
  "suspendOnFailure",
  "suspendDurationOnFailure",
  "enableSec",
  "retryConfig",
];

/** Undefined when the endpoint is faulty (a problem was reported). */
export function readEndpoint(element: XmlElement, context: ReadContext): Endpoint | undefined {
  const key = attributeOf(element, "key");
  if (key !== undefined) {
    const reference = context.keyReference(element, key);
    return reference && { kind: "indirect", key: reference };
  }
  if (attributeOf(element, "key-expression") !== undefined) {
    const expression = context.expression(element, "key-expression");
    return expression && { kind: "indirect", key: { kind: "dynamic", expression } };
  }
  return readDirect(element, context);
}

function readDirect(element: XmlElement, context: ReadContext): Endpoint | undefined {
  const refused = childElements(element).find((child) => OTHER_KINDS.includes(child.name));
  if (refused)
    return context.error(refused, `Endpoints of kind ${refused.name} are not supported yet`);
  const kind = KINDS.find((known) => childNamed(element, known));
  const body = kind && childNamed(element, kind);
  if (!kind || !body)
    return context.error(
      element,
      `Invalid endpoint configuration: it needs a key or one of ${KINDS.join(", ")}`,
    );
  const settings = readSettings(element, body, context);
  if (!settings) return undefined;
  if (kind === "default") return { kind, settings };
  return kind === "http" ? readHttp(body, settings, context) : readAddress(body, settings, context);
}

function readAddress(
  body: XmlElement,
  settings: EndpointSettings,
  context: ReadContext,
): Endpoint | undefined {
  const uri = attributeOf(body, "uri")?.trim();
  if (!uri)
    return context.error(
      body,
      "The 'uri' attribute is required for the address of an endpoint definition",
    );
  return { kind: "address", uri, settings };
}

function readHttp(
  body: XmlElement,
  settings: EndpointSettings,
  context: ReadContext,
): Endpoint | undefined {
  const source = attributeOf(body, "uri-template")?.trim();
  if (!source)
    return context.error(body, "The 'uri-template' attribute is required for an http endpoint");
  const method = attributeOf(body, "method")?.trim().toUpperCase();
  if (method !== undefined && !/^[A-Z]+$/.test(method))
    return context.error(body, `Invalid method "${method}" for an http endpoint`);
  return { kind: "http", template: compileUriTemplate(source), method, settings };
}

function readSettings(
  element: XmlElement,
  body: XmlElement,
  context: ReadContext,
): EndpointSettings | undefined {
  for (const child of childElements(body))
    if (WITHOUT_EFFECT.includes(child.name))
      context.warning(child, `${child.name} of an endpoint is not supported yet and has no effect`);
  const format = readFormat(body, context);
  const timeout = readTimeout(body, context);
  if (format === "invalid" || !timeout) return undefined;
  return {
    name: attributeOf(element, "name"),
    format,
    ...timeout,
    addressing: childNamed(body, "enableAddressing") !== undefined,
  };
}

function readFormat(
  body: XmlElement,
  context: ReadContext,
): EndpointFormat | undefined | "invalid" {
  const word = attributeOf(body, "format")?.trim().toLowerCase();
  if (word === undefined || word === "") return undefined;
  const format = ENDPOINT_FORMATS.find((known) => known === word);
  if (format) return format;
  context.error(body, `Invalid endpoint format "${word}": one of ${ENDPOINT_FORMATS.join(", ")}`);
  return "invalid";
}

function readTimeout(
  body: XmlElement,
  context: ReadContext,
): Pick<EndpointSettings, "timeoutMs" | "timeoutAction"> | undefined {
  const element = childNamed(body, "timeout");
  const duration = element && childNamed(element, "duration");
  const text = duration ? textOf(duration) : "0";
  if (!/^\d{1,9}$/.test(text))
    return context.error(
      duration ?? body,
      "Endpoint timeout duration expected as a number of milliseconds",
    );
  const action =
    element && (childNamed(element, "responseAction") ?? childNamed(element, "action"));
  const timeoutMs = Number(text);
  return {
    timeoutMs: timeoutMs === 0 ? undefined : timeoutMs,
    timeoutAction: action && textOf(action) === "fault" ? "fault" : "discard",
  };
}
