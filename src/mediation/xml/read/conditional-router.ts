/**
 * Reads `conditionalRouter` (ConditionalRouterMediatorFactory):
 *
 *   <conditionalRouter [continueAfter="true|false"]>
 *     <conditionalRoute [breakRoute="true|false"] [asynchronous="true|false"]>
 *       <condition>evaluator</condition>
 *       <target .../>
 *     </conditionalRoute>+
 *   </conditionalRouter>
 */
import { attributeOf, childNamed, childrenNamed } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import {
  type ConditionalRoute,
  ConditionalRouterMediator,
} from "../../mediators/conditional-router.ts";
import { readCondition } from "./evaluators.ts";
import type { MediatorReader, ReadContext } from "./read-context.ts";
import { isTrue } from "./split-options.ts";
import { readTarget } from "./target.ts";

export const conditionalRouterReader: MediatorReader = {
  name: "conditionalRouter",
  read(element, context) {
    const routes = childrenNamed(element, "conditionalRoute")
      .map((child) => readRoute(child, context))
      .filter((route) => route !== undefined);
    const continueAfter = isTrue(element, "continueAfter");
    return new ConditionalRouterMediator({ routes, continueAfter });
  },
};

function readRoute(element: XmlElement, context: ReadContext): ConditionalRoute | undefined {
  const child = childNamed(element, "target");
  const target = child && readTarget(child, context);
  const around = childNamed(element, "condition");
  if (!around)
    return context.error(element, "Couldn't find the condition of the conditional router");
  const condition = readCondition(around, context);
  if (!child) return context.error(element, "Couldn't find the target of the conditional router");
  if (!target || !condition) return undefined;
  const breaks = attributeOf(element, "breakRoute")?.trim().toLowerCase() !== "false";
  return { condition, target, breaks, asynchronous: isTrue(element, "asynchronous") };
}
