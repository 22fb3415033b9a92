/**
 * Reads `aggregate` (AggregateMediatorFactory):
 *
 *   <aggregate [id="id"]>
 *     <correlateOn expression="xpath"/>?
 *     <completeCondition [timeout="seconds"]>
 *       <messageCount min="int|{xpath}" max="int|{xpath}"/>?
 *     </completeCondition>?
 *     <onComplete expression="xpath|json-eval(path)" [sequence="key"] [enclosingElementProperty="name"]>
 *       mediator*
 *     </onComplete>
 *   </aggregate>
 */
import { attributeOf, childNamed } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import { AggregateMediator } from "../../mediators/aggregate.ts";
import type { ValueSource } from "../../mediators/named-value.ts";
import { readBranch } from "./branch.ts";
import type { MediatorReader, ReadContext } from "./read-context.ts";

export const aggregateReader: MediatorReader = {
  name: "aggregate",
  read(element, context) {
    const before = context.problems.errors.length;
    const correlation = childNamed(element, "correlateOn");
    const correlateOn = correlation && context.expression(correlation, "expression");
    const condition = childNamed(element, "completeCondition");
    const count = condition && childNamed(condition, "messageCount");
    const timeoutMs = condition && readTimeout(condition, context);
    const countMin = count && readCount(count, "min", context);
    const countMax = count && readCount(count, "max", context);
    const completion = childNamed(element, "onComplete");
    if (!completion)
      return context.error(element, "An aggregate mediator needs an 'onComplete' element");
    const expression = requiredExpression(completion, context);
    const onComplete = readBranch(completion, context);
    if (!expression || !onComplete || context.problems.errors.length > before) return undefined;
    return new AggregateMediator({
      id: attributeOf(element, "id"),
      correlateOn,
      timeoutMs,
      countMin,
      countMax,
      expression,
      enclosingProperty: attributeOf(completion, "enclosingElementProperty"),
      onComplete,
    });
  },
};

/** Without it nothing could be put together; a correlateOn without one says nothing. */
function requiredExpression(
  element: XmlElement,
  context: ReadContext,
): ReturnType<ReadContext["expression"]> {
  if (attributeOf(element, "expression") !== undefined)
    return context.expression(element, "expression");
  return context.error(
    element,
    `The 'expression' attribute is required for the ${element.name} of an aggregate mediator`,
  );
}

/** 0 and less mean no limit. */
function readTimeout(element: XmlElement, context: ReadContext): number | undefined {
  const text = attributeOf(element, "timeout")?.trim();
  if (text === undefined || text === "") return undefined;
  if (!/^-?\d{1,9}$/.test(text))
    return context.error(
      element,
      "The timeout of an aggregate has to be a whole number of seconds",
    );
  const seconds = Number(text);
  // Timers of the platform end at 2^31 - 1 ms.
  return seconds > 0 ? Math.min(seconds * 1_000, 2_147_483_647) : undefined;
}

function readCount(
  element: XmlElement,
  name: "min" | "max",
  context: ReadContext,
): ValueSource | undefined {
  const text = attributeOf(element, name)?.trim();
  if (text === undefined || text === "") return undefined;
  const dynamic = /^\{(.*)\}$/s.exec(text)?.[1];
  if (dynamic !== undefined) {
    const expression = context.compile(element, dynamic);
    return expression && { kind: "expression", expression };
  }
  if (/^-?\d{1,9}$/.test(text)) return { kind: "text", text };
  return context.error(
    element,
    `The ${name} of a messageCount has to be a whole number or {expression}`,
  );
}
