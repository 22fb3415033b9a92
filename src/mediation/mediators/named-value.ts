/** Values of artifacts that are either fixed text or an expression: log properties, header values, fault parts. */
import { evaluateText, type Expression } from "../message/expression.ts";
import type { Message } from "../message/message.ts";

export type ValueSource =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "expression"; readonly expression: Expression };

export type NamedValue = ValueSource & { readonly name: string };

/** The text for this message. */
export async function valueText(source: ValueSource, message: Message): Promise<string> {
  return source.kind === "text" ? source.text : evaluateText(source.expression, message);
}
