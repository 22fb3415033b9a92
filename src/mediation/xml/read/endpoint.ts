/**
 * Reads endpoints, in place and as artifacts (EndpointFactory):
 *
 *   <endpoint [name="string"] key="string|{xpath}"/>    <endpoint key-expression="xpath"/>
 *   <endpoint [name="string"] template="string" [uri="url"]><parameter name="" value=""/>*</endpoint>
 *   <endpoint [name="string"] [onError="key"]>
 *     <address uri="url" [format=..]>settings</address>
 *     | <http uri-template="template" [method="verb"]>settings</http>
 *     | <wsdl service="string" port="string" [uri="url"]>settings <wsdl:definitions/>?</wsdl>
 *     | <default [format=..]>settings</default>
 *     | <loadbalance/> | <failover/> | <recipientlist/>
 *     <property name="" value=""|expression="" [scope=""]/>*
 *   </endpoint>
 */
import {
  attributeOf,
  childElements,
  childNamed,
  childrenNamed,
} from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import type {
  DirectEndpoint,
  Endpoint,
  EndpointSettings,
  WsdlSource,
} from "../../endpoints/endpoint.ts";
import { compileUriTemplate } from "../../endpoints/uri-template.ts";
import { wsdlAddress } from "../../endpoints/wsdl-address.ts";
import { readGroup } from "./endpoint-group.ts";
import { readSettings } from "./endpoint-settings.ts";
import type { ReadContext } from "./read-context.ts";

const DIRECT_KINDS = ["address", "wsdl", "default", "http"] as const;
const GROUP_KINDS: readonly string[] = ["loadbalance", "failover", "recipientlist"];

/** What the engine has no way to do, and what to use. */
const REFUSED_KINDS: Readonly<Record<string, string>> = {
  dynamicLoadbalance:
    "dynamicLoadbalance is not supported, since Bascule's cluster knows no application members: list them as <member hostName=.. httpPort=.. httpsPort=../> of a <loadbalance>",
  serviceDynamicLoadbalance:
    "serviceDynamicLoadbalance is not supported, since Bascule's cluster knows no application members: list them as <member hostName=.. httpPort=.. httpsPort=../> of a <loadbalance>",
  class: "Endpoints of kind class are not supported: use an address or http endpoint",
};

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
  if (attributeOf(element, "template") !== undefined) return readInstance(element, context);
  return readByKind(element, context);
}

function readByKind(element: XmlElement, context: ReadContext): Endpoint | undefined {
  const kind = DIRECT_KINDS.find((known) => childNamed(element, known));
  const body = kind && childNamed(element, kind);
  if (kind && body) return readDirect(kind, { element, body, context });
  const group = childElements(element).find((child) => GROUP_KINDS.includes(child.name));
  if (group) return readGroup({ element, body: group, context, readChild: readEndpoint });
  for (const child of childElements(element)) {
    const refusal = Object.hasOwn(REFUSED_KINDS, child.name)
      ? REFUSED_KINDS[child.name]
      : undefined;
    if (refusal !== undefined) return context.error(child, refusal);
  }
  return context.error(element, "Invalid endpoint configuration.");
}

function readInstance(element: XmlElement, context: ReadContext): Endpoint | undefined {
  const parameters = new Map<string, string>();
  const name = attributeOf(element, "name")?.trim();
  const uri = attributeOf(element, "uri");
  if (name) parameters.set("name", name);
  if (uri !== undefined) parameters.set("uri", uri);
  for (const child of childrenNamed(element, "parameter")) {
    const parameter = attributeOf(child, "name");
    const value = attributeOf(child, "value");
    if (parameter === undefined) return context.error(child, "parameter name should be present");
    if (value === undefined) return context.error(child, "parameter value should be present");
    parameters.set(parameter, value);
  }
  const template = attributeOf(element, "template")?.trim() ?? "";
  const identity = context.endpoints.identityOf(element);
  const instance = { kind: "template" as const, template, parameters, name, identity };
  context.endpoints.templateUses.push({ element, instance });
  return instance;
}

interface DirectPlace {
  readonly element: XmlElement;
  readonly body: XmlElement;
  readonly context: ReadContext;
}

function readDirect(
  kind: (typeof DIRECT_KINDS)[number],
  { element, body, context }: DirectPlace,
): DirectEndpoint | undefined {
  const settings = readSettings(element, body, context);
  if (!settings) return undefined;
  switch (kind) {
    case "address":
      return readAddress(body, settings, context);
    case "http":
      return readHttp(body, settings, context);
    case "wsdl":
      return readWsdl(body, settings, context);
    case "default":
    default:
      return { kind: "default", settings };
  }
}

function readAddress(
  body: XmlElement,
  settings: EndpointSettings,
  context: ReadContext,
): DirectEndpoint | undefined {
  const uri = attributeOf(body, "uri")?.trim();
  if (!uri)
    return context.error(
      body,
      "The 'uri' attribute is required for the address of an endpoint definition",
    );
  return { kind: "address", uri, settings };
}

const METHODS: readonly string[] = ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"];

function readHttp(
  body: XmlElement,
  settings: EndpointSettings,
  context: ReadContext,
): DirectEndpoint | undefined {
  const source = attributeOf(body, "uri-template")?.trim();
  if (!source)
    return context.error(body, "The 'uri-template' attribute is required for an http endpoint");
  const authentication = childNamed(body, "authentication");
  if (authentication)
    return context.error(
      authentication,
      'authentication of an http endpoint is not supported: set the Authorization header with <property name="Authorization" scope="transport" .../>',
    );
  const word = attributeOf(body, "method")?.trim().toUpperCase() ?? "";
  const method = METHODS.find((known) => known === word);
  if (word !== "" && !method)
    context.warning(body, `Invalid http method "${word}": the method of the message is used`);
  return { kind: "http", template: compileUriTemplate(source), method, settings };
}

function readWsdl(
  body: XmlElement,
  settings: EndpointSettings,
  context: ReadContext,
): DirectEndpoint | undefined {
  const service = attributeOf(body, "service")?.trim();
  const port = attributeOf(body, "port")?.trim();
  if (!service || !port)
    return context.error(
      body,
      `${service ? "Port" : "Service"} name of the WSDL document is not specified.`,
    );
  const source = readWsdlSource(body, { service, port }, context);
  return source && { kind: "wsdl", source, settings };
}

function readWsdlSource(
  body: XmlElement,
  wanted: { readonly service: string; readonly port: string },
  context: ReadContext,
): WsdlSource | undefined {
  const uri = attributeOf(body, "uri")?.trim();
  if (uri) {
    if (/^(?:https?:|conf:|gov:|registry:|\/_system\/)/i.test(uri))
      return { kind: "document", uri, ...wanted };
    return context.error(
      body,
      `The WSDL "${uri}" of an endpoint cannot be read: put it in place, into the registry (conf:, gov:), or on an http server`,
    );
  }
  const inline = childElements(body).find(
    ({ name }) => name === "definitions" || name === "description",
  );
  if (!inline) return context.error(body, "WSDL document is not specified.");
  const address = wsdlAddress(inline, wanted);
  if (typeof address === "string") return context.error(inline, address);
  return { kind: "address", ...address };
}
