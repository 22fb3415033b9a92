/**
 * Reads priority executors (PriorityExecutorFactory). They are accepted and change nothing: WSO2 spreads work over threads
 * with them, and here no message waits for a thread.
 */
import { attributeOf, childNamed } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import type { ReadContext } from "./read-context.ts";

/** The name; undefined when the executor is faulty (a problem was reported). */
export function readPriorityExecutor(
  element: XmlElement,
  context: ReadContext,
): string | undefined {
  const name = attributeOf(element, "name")?.trim();
  if (!name) return context.error(element, "The 'name' attribute is required for an executor");
  if (!childNamed(element, "queues"))
    return context.error(element, "Queues should be specified for a priority executor");
  return name;
}
