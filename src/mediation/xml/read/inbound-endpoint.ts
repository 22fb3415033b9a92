/**
 * Reads inbound endpoints (InboundEndpointFactory):
 *
 *   <inboundEndpoint name="string" protocol="http|https" sequence="key" [onError="key"] [suspend="true|false"]>
 *     <parameters><parameter name="string">text</parameter>*</parameters>
 *   </inboundEndpoint>
 *
 * Other protocols are refused: there is no listener for them.
 */
import { attributeOf, childNamed } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import type { InboundDefinition } from "../../jobs/inbound-endpoint.ts";
import { Parameters } from "./parameters.ts";
import type { ReadContext } from "./read-context.ts";

/** Undefined when the endpoint is faulty (a problem was reported). */
export function readInboundEndpoint(
  element: XmlElement,
  context: ReadContext,
): InboundDefinition | undefined {
  const name = attributeOf(element, "name")?.trim();
  if (!name) return context.error(element, "Inbound Endpoint name cannot be null");
  const transport = readProtocol(element, context);
  const sequence = attributeOf(element, "sequence")?.trim();
  if (!sequence)
    context.error(element, "The 'sequence' attribute is required for an inbound endpoint");
  const parameters = new Parameters(childNamed(element, "parameters") ?? element, context);
  const port = readPort(element, parameters, context);
  const pattern = parameters.text("dispatch.filter.pattern");
  const dispatched = pattern === undefined ? undefined : context.wholePattern(element, pattern);
  if (!transport || !sequence || port === undefined) return undefined;
  if (transport === "https" && parameters.text("keystore") !== undefined)
    context.warning(
      element,
      `The keystore of inbound endpoint ${name} is not read: its port shows the certificate of the node's https listener`,
    );
  return {
    name,
    transport,
    sequence,
    port,
    onError: attributeOf(element, "onError")?.trim() || undefined,
    isSuspended: attributeOf(element, "suspend")?.trim() === "true",
    dispatched,
  };
}

function readProtocol(element: XmlElement, context: ReadContext): "http" | "https" | undefined {
  const protocol = attributeOf(element, "protocol")?.trim().toLowerCase() ?? "";
  if (protocol === "http" || protocol === "https") return protocol;
  const what = protocol || attributeOf(element, "class")?.trim() || "(none)";
  return context.error(
    element,
    `Inbound endpoints of protocol ${what} are refused: this engine listens on http and https only. Let whatever has the messages send them over http, or take them from a queue with a message store in RabbitMQ and a message processor`,
  );
}

function readPort(
  element: XmlElement,
  parameters: Parameters,
  context: ReadContext,
): number | undefined {
  const port = parameters.number("inbound.http.port", 0, [1, 65_535]);
  if (port !== 0 || parameters.text("inbound.http.port") !== undefined) return port || undefined;
  return context.error(
    element,
    "The parameter inbound.http.port is required for an inbound endpoint of http or https",
  );
}
