/** Text that is matched with patterns of artifacts: sources of filter, switch and router. */
import { type Expression, resultText } from "../message/expression.ts";
import type { Message } from "../message/message.ts";

/** Longest text that a pattern is tried on, in UTF-16 units: longer ones do not match. */
export const SOURCE_TEXT_MAX = 1_000_000;

/** The text of an expression; undefined when it asks for a property that is not there. */
export async function sourceText(
  source: Expression,
  message: Message,
): Promise<string | undefined> {
  const result = await source.evaluate(message);
  return result.kind === "xpath" && result.value === "" ? undefined : resultText(result);
}

/** Whether an anchored pattern matches; nothing matches what is not there. */
export function sourceMatches(text: string | undefined, pattern: RegExp): boolean {
  return text !== undefined && text.length <= SOURCE_TEXT_MAX && pattern.test(text);
}
