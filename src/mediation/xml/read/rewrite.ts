/**
 * Reads `rewrite` (URLRewriteMediatorFactory):
 *
 *   <rewrite [inProperty="string"] [outProperty="string"]>
 *     (<rewriterule>
 *        <condition>evaluator</condition>?
 *        <action [type="set|append|prepend|replace|remove|remove-query-param"] [fragment="protocol|user|host|port|path|query|ref|full"]
 *                [value="string" | xpath="xpath"] [regex="pattern"]/>+
 *      </rewriterule> | <action ../>)*
 *   </rewrite>
 */
import {
  attributeOf,
  childElements,
  childNamed,
  childrenNamed,
} from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import { messageOf } from "../../../errors/app-error.ts";
import { type RewriteAction, RewriteMediator, type RewriteRule } from "../../mediators/rewrite.ts";
import type { ValueSource } from "../../mediators/named-value.ts";
import { URI_FRAGMENTS } from "../../mediators/uri-parts.ts";
import { javaPattern } from "../java-pattern.ts";
import { readCondition } from "./evaluators.ts";
import type { MediatorReader, ReadContext } from "./read-context.ts";

const ACTIONS = ["set", "append", "prepend", "replace", "remove", "remove-query-param"] as const;

export const rewriteReader: MediatorReader = {
  name: "rewrite",
  read(element, context) {
    const elements = childElements(element).filter(({ name }) => name !== "description");
    const rules = elements
      .map((child) => readRule(child, context))
      .filter((rule) => rule !== undefined);
    if (rules.length < elements.length) return undefined;
    return new RewriteMediator({
      rules,
      inProperty: attributeOf(element, "inProperty"),
      outProperty: attributeOf(element, "outProperty"),
    });
  },
};

function readRule(element: XmlElement, context: ReadContext): RewriteRule | undefined {
  if (element.name !== "rewriterule" && element.name !== "action")
    return context.error(
      element,
      `A rewrite mediator has no ${element.name}: it must be a rewriterule`,
    );
  const inner = element.name === "action" ? [element] : childrenNamed(element, "action");
  if (inner.length === 0)
    return context.error(element, "At least one rewrite action is required per rewrite rule");
  const when = element.name === "action" ? undefined : childNamed(element, "condition");
  const condition = when && readCondition(when, context);
  const actions = inner
    .map((action) => readAction(action, context))
    .filter((action) => action !== undefined);
  if ((when && !condition) || actions.length < inner.length) return undefined;
  return { condition, actions };
}

function readAction(element: XmlElement, context: ReadContext): RewriteAction | undefined {
  const word = attributeOf(element, "type") ?? "set";
  const kind = ACTIONS.find((known) => known === word);
  if (!kind)
    return context.error(
      element,
      `Unknown URL rewrite action type: ${word}. It must be one of ${ACTIONS.join(", ")}`,
    );
  const name = attributeOf(element, "fragment") ?? "full";
  const fragment = URI_FRAGMENTS.find((known) => known === name);
  if (!fragment)
    return context.error(
      element,
      `Unknown URL fragment name: ${name}. It must be one of ${URI_FRAGMENTS.join(", ")}`,
    );
  if (kind === "remove-query-param" && fragment !== "query")
    return context.error(element, "Action remove-query-param is only allowed for query fragment");
  if (kind === "remove") return { kind, fragment, value: undefined, pattern: undefined };
  const value = readValue(element, context);
  const pattern = kind === "replace" ? readPattern(element, context) : undefined;
  if (!value || (kind === "replace" && !pattern)) return undefined;
  return { kind, fragment, value, pattern };
}

function readValue(element: XmlElement, context: ReadContext): ValueSource | undefined {
  if (attributeOf(element, "xpath") !== undefined) {
    const expression = context.expression(element, "xpath");
    return expression && { kind: "expression", expression };
  }
  const text = attributeOf(element, "value");
  if (text !== undefined) return { kind: "text", text };
  return context.error(
    element,
    "Either a 'value' or an 'xpath' attribute is required for a rewrite action",
  );
}

function readPattern(element: XmlElement, context: ReadContext): RegExp | undefined {
  const regex = attributeOf(element, "regex");
  if (regex === undefined || regex === "")
    return context.error(element, "The 'regex' attribute is required for a replace action");
  try {
    return javaPattern(regex, "all");
  } catch (error) {
    return context.error(element, `Invalid regular expression : ${messageOf(error)}`);
  }
}
