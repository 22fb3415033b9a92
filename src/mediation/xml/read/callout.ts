/**
 * Reads `callout` (CalloutMediatorFactory):
 *
 *   <callout [serviceURL="url" | endpointKey="string"] [action="string"] [passHeaders="true|false"]>
 *     <endpoint ...>? <configuration/>? <enableSec/>?
 *     <source xpath="expression" | key="property" | type="envelope"/>
 *     <target xpath="expression" | key="property"/>?
 *   </callout>
 *
 * `configuration`, `initAxis2ClientOptions` and `useServerConfig` set up Axis2's client and mean nothing here.
 */
import { attributeOf, childNamed } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import { DEFAULT_SETTINGS, type Endpoint } from "../../endpoints/endpoint.ts";
import { CalloutMediator, type CalloutPlace } from "../../mediators/callout.ts";
import { readEndpoint } from "./endpoint.ts";
import type { MediatorReader, ReadContext } from "./read-context.ts";

export const calloutReader: MediatorReader = {
  name: "callout",
  read(element, context) {
    const security = childNamed(element, "enableSec");
    if (security)
      context.error(
        security,
        "enableSec of a callout (WS-Security) cannot be done here: call a service that is reached over TLS",
      );
    const endpoint = readTarget(element, context);
    const source = readSource(element, context);
    const target = readPlace(element, "target", context);
    if (security || endpoint === "faulty" || !source || target === "faulty") return undefined;
    return new CalloutMediator({
      endpoint,
      action: attributeOf(element, "action"),
      source,
      target: target ?? { kind: "envelope" },
      passHeaders: attributeOf(element, "passHeaders")?.toLowerCase() === "true",
    });
  },
};

function readTarget(element: XmlElement, context: ReadContext): Endpoint | undefined | "faulty" {
  const url = attributeOf(element, "serviceURL");
  if (url !== undefined)
    return {
      kind: "address",
      uri: url.trim(),
      settings: { ...DEFAULT_SETTINGS, timeoutAction: "fault" },
    };
  const key = attributeOf(element, "endpointKey");
  if (key !== undefined) return { kind: "indirect", key: { kind: "static", key: key.trim() } };
  const child = childNamed(element, "endpoint");
  return child ? (readEndpoint(child, context) ?? "faulty") : undefined;
}

function readSource(element: XmlElement, context: ReadContext): CalloutPlace | undefined {
  const source = childNamed(element, "source");
  if (!source)
    return context.error(element, "The message 'source' must be specified for a Callout mediator");
  if (attributeOf(source, "type") === "envelope") return { kind: "envelope" };
  const place = readPlace(element, "source", context);
  return place === "faulty" ? undefined : place;
}

/** Undefined: there is no such child. */
function readPlace(
  element: XmlElement,
  name: "source" | "target",
  context: ReadContext,
): CalloutPlace | undefined | "faulty" {
  const child = childNamed(element, name);
  if (!child) return undefined;
  if (attributeOf(child, "xpath") !== undefined) {
    const expression = context.expression(child, "xpath");
    return expression ? { kind: "expression", expression } : "faulty";
  }
  const key = attributeOf(child, "key");
  if (key !== undefined) return { kind: "property", name: key };
  context.error(
    child,
    `A 'xpath' or 'key' attribute must be specified for the Callout mediator '${name}'`,
  );
  return "faulty";
}
