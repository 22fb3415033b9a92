/** The `<property>` children of an endpoint, set on a message before it is sent. */
import { evaluateProperty } from "../message/expression.ts";
import type { Message } from "../message/message.ts";
import { setProperty } from "../message/property-scope.ts";
import type { EndpointProperty } from "./endpoint.ts";

/** @throws MediationFault when an expression is faulty. */
export async function setEndpointProperties(
  message: Message,
  properties: readonly EndpointProperty[],
): Promise<void> {
  for (const { name, scope, source } of properties) {
    const value =
      source.kind === "text" ? source.text : await evaluateProperty(source.expression, message);
    setProperty(message, scope, name, value);
  }
}
