/**
 * Reads `router` (RouterMediatorFactory):
 *
 *   <router [continueAfter="true|false"]>
 *     <route expression="xpath" [match="regex"] [breakRouter="true|false"]>
 *       <target .../>
 *     </route>+
 *   </router>
 */
import { attributeOf, childNamed, childrenNamed } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import { type Route, RouterMediator } from "../../mediators/router.ts";
import type { MediatorReader, ReadContext } from "./read-context.ts";
import { isTrue } from "./split-options.ts";
import { readTarget } from "./target.ts";

export const routerReader: MediatorReader = {
  name: "router",
  read(element, context) {
    const routes = childrenNamed(element, "route")
      .map((child) => readRoute(child, context))
      .filter((route) => route !== undefined);
    return new RouterMediator({ routes, continueAfter: isTrue(element, "continueAfter") });
  },
};

function readRoute(element: XmlElement, context: ReadContext): Route | undefined {
  const child = childNamed(element, "target");
  const target = child && readTarget(child, context);
  if (!child) return context.error(element, "Route has to have a 'target' element");
  if (attributeOf(element, "expression") === undefined)
    return context.error(element, "Route must have an 'expression' attribute");
  const expression = context.expression(element, "expression");
  const match = attributeOf(element, "match");
  const pattern = match === undefined ? undefined : context.wholePattern(element, match);
  if (!target || !expression || (match !== undefined && !pattern)) return undefined;
  const breaks = attributeOf(element, "breakRouter")?.trim().toLowerCase() !== "false";
  return { expression, pattern, breaks, target };
}
