/**
 * Conditions over URL, headers, properties and envelope of a message (synapse.commons.evaluators): what
 * `rewrite` rules and `conditionalRouter` routes ask. An evaluator whose source has no value is false.
 */
import { evaluateText, type Expression } from "../message/expression.ts";
import type { Message } from "../message/message.ts";
import { propertyText } from "../message/property-value.ts";
import { type UriFragment, type UriParts, uriFragment } from "./uri-parts.ts";

/** Where the text comes from. */
export type EvaluatorSource =
  | { readonly kind: "header"; readonly name: string }
  /** A parameter of the URL's query. */
  | { readonly kind: "param"; readonly name: string }
  | { readonly kind: "property"; readonly name: string }
  | { readonly kind: "url"; readonly fragment: UriFragment }
  | { readonly kind: "soap"; readonly expression: Expression };

export type Evaluator =
  | { readonly kind: "equal"; readonly source: EvaluatorSource; readonly value: string }
  /** `pattern` is anchored at both ends. */
  | { readonly kind: "match"; readonly source: EvaluatorSource; readonly pattern: RegExp }
  | { readonly kind: "and" | "or"; readonly parts: readonly Evaluator[] }
  | { readonly kind: "not"; readonly part: Evaluator };

/** Longest text that a pattern is tried on, in UTF-16 units. */
const TEXT_MAX = 1_000_000;

/** Whether the condition holds for this message; `uri` is the address that url and param sources look at. */
export async function evaluateCondition(
  evaluator: Evaluator,
  message: Message,
  uri: UriParts,
): Promise<boolean> {
  switch (evaluator.kind) {
    case "not":
      return !(await evaluateCondition(evaluator.part, message, uri));
    case "and":
      for (const part of evaluator.parts)
        if (!(await evaluateCondition(part, message, uri))) return false;
      return true;
    case "or":
      for (const part of evaluator.parts)
        if (await evaluateCondition(part, message, uri)) return true;
      return false;
    case "equal":
      return isSame(await sourceText(evaluator.source, message, uri), evaluator.value);
    case "match":
    default: {
      const text = await sourceText(evaluator.source, message, uri);
      return text !== undefined && text.length <= TEXT_MAX && evaluator.pattern.test(text);
    }
  }
}

/** Upper and lower case count as the same (EqualEvaluator). */
function isSame(text: string | undefined, value: string): boolean {
  return text?.toLowerCase() === value.toLowerCase();
}

async function sourceText(
  source: EvaluatorSource,
  message: Message,
  uri: UriParts,
): Promise<string | undefined> {
  switch (source.kind) {
    case "header":
      return message.headers.get(source.name);
    case "param":
      return new URLSearchParams(uri.query ?? "").get(source.name) ?? undefined;
    case "property": {
      const value = message.properties.get(source.name);
      return value === undefined ? undefined : propertyText(value);
    }
    case "url":
      return uriFragment(uri, source.fragment);
    case "soap":
    default:
      return evaluateText(source.expression, message);
  }
}
