/**
 * Reads targets of clone, iterate, router and conditionalRouter (TargetFactory):
 *
 *   <target [to="uri"] [soapAction="qname"] [sequence="key"] [endpoint="key"]>
 *     <sequence>mediator*</sequence>? <endpoint .../>?
 *   </target>
 *
 * A sequence in place wins over the attribute (which then says "anon"), a sequence over an endpoint.
 */
import { attributeOf, childNamed } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import type { Target, TargetFlow } from "../../mediators/target.ts";
import { readEndpoint } from "./endpoint.ts";
import type { ReadContext } from "./read-context.ts";
import { readFlow } from "./sequence.ts";

/** Undefined when something is wrong with it (a problem was reported). */
export function readTarget(element: XmlElement, context: ReadContext): Target | undefined {
  const flow = readTargetFlow(element, context);
  if (!flow) return undefined;
  return { to: attributeOf(element, "to"), soapAction: attributeOf(element, "soapAction"), flow };
}

function readTargetFlow(element: XmlElement, context: ReadContext): TargetFlow | undefined {
  const inline = childNamed(element, "sequence");
  const inlineKey = inline && attributeOf(inline, "key");
  if (inline && inlineKey === undefined)
    return { kind: "sequence", sequence: readFlow(inline, "anonymous", context) };
  const sequenceKey = inlineKey ?? attributeOf(element, "sequence");
  if (sequenceKey !== undefined) {
    const key = context.keyReference(element, sequenceKey);
    return key && { kind: "branch", branch: { kind: "key", key } };
  }
  const endpoint = childNamed(element, "endpoint");
  if (endpoint) {
    const read = readEndpoint(endpoint, context);
    return read && { kind: "endpoint", endpoint: read };
  }
  const endpointKey = attributeOf(element, "endpoint");
  if (endpointKey === undefined) return { kind: "none" };
  const key = context.keyReference(element, endpointKey);
  return key && { kind: "endpoint", endpoint: { kind: "indirect", key } };
}
