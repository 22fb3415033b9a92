/**
 * Reads proxy services (ProxyServiceFactory):
 *
 *   <proxy name="string" [transports="http https|all"] [startOnLoad="true|false"]>
 *     <target [inSequence="key"] [outSequence="key"] [faultSequence="key"] [endpoint="key"]>
 *       <inSequence [onError="key"]>mediator*</inSequence>? <outSequence>..</outSequence>? <faultSequence>..</faultSequence>?
 *       <endpoint ..>?
 *     </target>
 *     <publishWSDL (key="local entry" | uri="url")>wsdl:definitions</publishWSDL>?
 *     <parameter name="string">text</parameter>*
 *   </proxy>
 *
 * An attribute of target wins over the element of the same name. Everything else is ignored as WSO2 ignores it.
 */
import {
  attributeOf,
  childElements,
  childNamed,
  childrenNamed,
  textOf,
} from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import type { Endpoint } from "../../endpoints/endpoint.ts";
import type { ProxyService, PublishedWsdl, TargetFlow } from "../../services/proxy-service.ts";
import { elementText } from "../element-text.ts";
import { readEndpoint } from "./endpoint.ts";
import type { ReadContext } from "./read-context.ts";
import { readFlow } from "./sequence.ts";

/** Undefined when the service is faulty (a problem was reported). */
export function readProxyService(
  element: XmlElement,
  context: ReadContext,
): ProxyService | undefined {
  const name = attributeOf(element, "name")?.trim();
  if (!name)
    return context.error(
      element,
      "The 'name' attribute is required for a Proxy service definition",
    );
  const target = childNamed(element, "target");
  if (!target) return context.error(element, "Target is required for a Proxy service definition");
  const flows = readFlows(target, name, context);
  const endpoint = readTargetEndpoint(target, context);
  if (endpoint === "invalid") return undefined;
  if (!flows.inFlow && !endpoint)
    return context.error(
      target,
      "Target of the proxy service must declare either an inSequence or endpoint or both",
    );
  return {
    name,
    transports: readTransports(element),
    started: (attributeOf(element, "startOnLoad") ?? "true") === "true",
    ...flows,
    endpoint,
    wsdl: readWsdl(element, context),
    keepsWsdlAddresses:
      parameter(element, "useOriginalwsdl") === "true" ||
      parameter(element, "modifyUserWSDLPortAddress") === "false",
  };
}

function readFlows(
  target: XmlElement,
  service: string,
  context: ReadContext,
): Pick<ProxyService, "inFlow" | "outFlow" | "faultFlow"> {
  const flow = (name: string): TargetFlow | undefined => {
    const child = childNamed(target, name);
    const sequence = child && readFlow(child, `${service}.${name}`, context);
    const key = attributeOf(target, name);
    if (key !== undefined) return { kind: "key", key };
    return sequence && { kind: "inline", sequence };
  };
  return {
    inFlow: flow("inSequence"),
    outFlow: flow("outSequence"),
    faultFlow: flow("faultSequence"),
  };
}

function readTargetEndpoint(
  target: XmlElement,
  context: ReadContext,
): Endpoint | undefined | "invalid" {
  const key = attributeOf(target, "endpoint");
  if (key !== undefined) return { kind: "indirect", key: { kind: "static", key } };
  const child = childNamed(target, "endpoint");
  return child && (readEndpoint(child, context) ?? "invalid");
}

function readTransports(element: XmlElement): readonly string[] | undefined {
  const names = (attributeOf(element, "transports") ?? "all").split(/[\s,]+/).filter(Boolean);
  return names.length === 0 || names.includes("all") ? undefined : names;
}

function readWsdl(element: XmlElement, context: ReadContext): PublishedWsdl {
  const publish = childNamed(element, "publishWSDL");
  if (!publish) return { kind: "generated" };
  const key = attributeOf(publish, "key");
  if (key !== undefined) return { kind: "key", key };
  const inline = childElements(publish).find((child) =>
    ["definitions", "description"].includes(child.name),
  );
  if (inline) return { kind: "inline", text: elementText(inline, true) };
  const where = attributeOf(publish, "uri") ?? attributeOf(publish, "endpoint");
  if (where === undefined)
    context.error(publish, "The 'key', 'uri' or inline WSDL is required for publishWSDL");
  else
    context.warning(
      publish,
      `publishWSDL reads neither files nor URLs ("${where}"): a generated WSDL is published instead. Put the WSDL in place or into a local entry`,
    );
  return { kind: "generated" };
}

function parameter(element: XmlElement, name: string): string | undefined {
  const found = childrenNamed(element, "parameter").find(
    (child) => attributeOf(child, "name") === name,
  );
  return found && textOf(found);
}
