/** Text that is matched with patterns of artifacts: sources of filter, switch and router. */
import { type Soon, whenThere } from "../../runtime/soon.ts";
import { type Expression, resultText } from "../message/expression.ts";
import type { Message } from "../message/message.ts";

/** Longest text that a pattern is tried on, in UTF-16 units: longer ones do not match. */
export const SOURCE_TEXT_MAX = 1_000_000;

/** An expression that is one property and nothing else: only these yield nothing at all where others yield "". */
const PROPERTY_ONLY =
  /^\s*(?:(?:[\w-]+:)?get-property\s*\([^()]*\)|\$(?:ctx|axis2|trp|func|operation):[\w.-]+)\s*$/;

/** The text of an expression; undefined when it asks for a property that is not there. */
export function sourceText(source: Expression, message: Message): Soon<string | undefined> {
  return whenThere(source.evaluate(message), (result) => {
    const isEmpty = result.kind === "xpath" && result.value === "";
    return isEmpty && PROPERTY_ONLY.test(source.source) ? undefined : resultText(result);
  });
}

/** Whether an anchored pattern matches; nothing matches what is not there. */
export function sourceMatches(text: string | undefined, pattern: RegExp): boolean {
  return text !== undefined && text.length <= SOURCE_TEXT_MAX && pattern.test(text);
}
