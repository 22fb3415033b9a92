/** References to artifacts: a fixed key, or `{expression}` that names the key for each message. */
import type { Message } from "../message/message.ts";
import { evaluateText, type Expression } from "../message/expression.ts";

export type KeyReference =
  | { readonly kind: "static"; readonly key: string }
  | { readonly kind: "dynamic"; readonly expression: Expression };

/** The key for this message. */
export async function keyOf(reference: KeyReference, message: Message): Promise<string> {
  if (reference.kind === "static") return reference.key;
  return (await evaluateText(reference.expression, message)).trim();
}
