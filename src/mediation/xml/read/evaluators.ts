/**
 * Reads conditions (synapse.commons.evaluators.config):
 *
 *   <equal [type="header|param|property|url|soap"] source="string" value="string"/>      default: header
 *   <match type=".." source=".." regex="pattern"/>
 *   <and>evaluator+</and> <or>evaluator+</or> <not>evaluator</not>
 */
import { attributeOf, childElements } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import type { Evaluator, EvaluatorSource } from "../../mediators/evaluators.ts";
import { URI_FRAGMENTS } from "../../mediators/uri-parts.ts";
import type { ReadContext } from "./read-context.ts";

/** Undefined when the condition is faulty (a problem was reported). */
function readEvaluator(element: XmlElement, context: ReadContext): Evaluator | undefined {
  switch (element.name) {
    case "equal":
      return readEqual(element, context);
    case "match":
      return readMatch(element, context);
    case "and":
    case "or":
      return readGroup(element, element.name, context);
    case "not": {
      const [child] = childElements(element);
      const part = child && readEvaluator(child, context);
      if (part) return { kind: "not", part };
      return child ? undefined : context.error(element, "A not condition needs a condition inside");
    }
    default:
      return context.error(
        element,
        `Unknown condition ${element.name}: it must be one of equal, match, and, or, not`,
      );
  }
}

/** The condition inside an element (`condition`); undefined with a problem when there is not exactly one. */
export function readCondition(parent: XmlElement, context: ReadContext): Evaluator | undefined {
  const [child, second] = childElements(parent);
  if (child && !second) return readEvaluator(child, context);
  return context.error(parent, `A ${parent.name} needs exactly one condition inside`);
}

function readGroup(
  element: XmlElement,
  kind: "and" | "or",
  context: ReadContext,
): Evaluator | undefined {
  const children = childElements(element);
  if (children.length < 2)
    return context.error(element, `Two or more conditions are expected inside ${kind}`);
  const parts = children
    .map((child) => readEvaluator(child, context))
    .filter((part) => part !== undefined);
  return parts.length === children.length ? { kind, parts } : undefined;
}

function readEqual(element: XmlElement, context: ReadContext): Evaluator | undefined {
  const source = readSource(element, context);
  const value = attributeOf(element, "value");
  if (value === undefined)
    return context.error(element, "The 'value' attribute is required for an equal condition");
  return source && { kind: "equal", source, value };
}

function readMatch(element: XmlElement, context: ReadContext): Evaluator | undefined {
  const source = readSource(element, context);
  const regex = attributeOf(element, "regex");
  if (regex === undefined)
    return context.error(element, "The 'regex' attribute is required for a match condition");
  const pattern = context.wholePattern(element, regex);
  return source && pattern && { kind: "match", source, pattern };
}

function readSource(element: XmlElement, context: ReadContext): EvaluatorSource | undefined {
  const kind = attributeOf(element, "type") ?? "header";
  const name = attributeOf(element, "source");
  if (kind === "url") {
    const fragment = URI_FRAGMENTS.find((known) => known === (name ?? "full"));
    if (fragment) return { kind, fragment };
    return context.error(
      element,
      `Unknown fragment ${name ?? ""} of a URL: it must be one of ${URI_FRAGMENTS.join(", ")}`,
    );
  }
  if (kind !== "header" && kind !== "param" && kind !== "property" && kind !== "soap")
    return context.error(
      element,
      `Unknown type "${kind}" of a condition: it must be one of header, param, property, url, soap`,
    );
  if (name === undefined || name === "")
    return context.error(
      element,
      `The 'source' attribute is required for a condition of type ${kind}`,
    );
  if (kind !== "soap") return { kind, name };
  const expression = context.compile(element, name);
  return expression && { kind, expression };
}
