/**
 * Reads the flows of a proxy service's target and of an API's resource, which have the same form:
 *
 *   <.. [inSequence="key"] [outSequence="key"] [faultSequence="key"]>
 *     <inSequence [onError="key"]>mediator*</inSequence>? <outSequence>..</outSequence>? <faultSequence>..</faultSequence>?
 *   </..>
 *
 * An attribute wins over the element of the same name.
 */
import { attributeOf, childNamed } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import { SequenceMediator } from "../../mediators/sequence.ts";
import type { TargetFlow, TargetFlows } from "../../services/target-flow.ts";
import { TraceStart } from "../../trace/trace-start.ts";
import type { ReadContext } from "./read-context.ts";
import { readFlow } from "./sequence.ts";

/** @param owner the name of the service or API, for the names of flows in place. */
export function readTargetFlows(
  element: XmlElement,
  owner: string,
  context: ReadContext,
): TargetFlows {
  const flow = (name: string): TargetFlow | undefined => {
    const child = childNamed(element, name);
    const sequence = child && readFlow(child, `${owner}.${name}`, context);
    const key = attributeOf(element, name)?.trim();
    if (key)
      return context.tracer === undefined ? { kind: "key", key } : traced(key, context.tracer);
    return sequence && { kind: "inline", sequence };
  };
  return {
    inFlow: flow("inSequence"),
    outFlow: flow("outSequence"),
    faultFlow: flow("faultSequence"),
  };
}

/** A flow by key in a service with trace="enable" begins with the trace. */
function traced(key: string, tracer: string): TargetFlow {
  const mediators = [new TraceStart(tracer), new SequenceMediator({ kind: "static", key })];
  return { kind: "inline", sequence: { name: key, mediators, onError: undefined } };
}
