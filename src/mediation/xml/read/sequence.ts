/**
 * Reads sequences, as a mediator and as an artifact (SequenceMediatorFactory):
 *
 *   <sequence key="name|{xpath}"/>
 *   <sequence name="string" [onError="key"]>mediator*</sequence>
 */
import { attributeOf } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import type { Sequence } from "../../mediators/mediator.ts";
import { SequenceMediator } from "../../mediators/sequence.ts";
import { TraceStart } from "../../trace/trace-start.ts";
import type { MediatorReader, ReadContext } from "./read-context.ts";

export const sequenceReader: MediatorReader = {
  name: "sequence",
  read(element, context) {
    const text = attributeOf(element, "key");
    if (text === undefined || text.trim() === "")
      return context.error(
        element,
        "The 'key' attribute is required for a sequence inside another sequence",
      );
    const key = context.keyReference(element, text);
    return key && new SequenceMediator(key);
  },
};

/** A named sequence; undefined when it has no name (a problem was reported). */
export function readSequence(element: XmlElement, context: ReadContext): Sequence | undefined {
  const name = attributeOf(element, "name")?.trim();
  const sequence = readFlow(element, name ?? "", context);
  if (name) return sequence;
  return context.error(element, "The 'name' attribute is required for a sequence definition");
}

/** The mediators of an element (inSequence, faultSequence, ...) as a sequence of that name. */
export function readFlow(element: XmlElement, name: string, context: ReadContext): Sequence {
  const onError = attributeOf(element, "onError");
  const mediators = context.mediators(element);
  const tracer = attributeOf(element, "trace") === "enable" ? `sequence ${name}` : context.tracer;
  if (tracer === undefined) return { name, mediators, onError };
  return { name, mediators: [new TraceStart(tracer), ...mediators], onError };
}
