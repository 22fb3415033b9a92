/**
 * Reads `throttle` (ThrottleMediatorFactory):
 *
 *   <throttle id="id" [onAccept="key"] [onReject="key"]>
 *     <policy [key="key"]>WS-Policy?</policy>?
 *     <onAccept>mediator*</onAccept>? <onReject>mediator*</onReject>?
 *   </throttle>
 */
import { attributeOf, childElements, childNamed } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import type { Branch } from "../../mediators/branch.ts";
import { readThrottlePolicy } from "../../mediators/throttle-policy.ts";
import { ThrottleMediator, type ThrottleOptions } from "../../mediators/throttle.ts";
import { inlineBranch, readBranch } from "./branch.ts";
import type { MediatorReader, ReadContext } from "./read-context.ts";

export const throttleReader: MediatorReader = {
  name: "throttle",
  read(element, context) {
    const before = context.problems.errors.length;
    const id = attributeOf(element, "id")?.trim();
    const policy = readPolicy(element, context);
    const onAccept = readReaction(element, "onAccept", context);
    const onReject = readReaction(element, "onReject", context);
    if (!id)
      return context.error(
        element,
        "The 'id' attribute is required for the configuration of a throttle mediator",
      );
    if (context.problems.errors.length > before) return undefined;
    return new ThrottleMediator({ id, policy, onAccept, onReject });
  },
};

function readPolicy(element: XmlElement, context: ReadContext): ThrottleOptions["policy"] {
  const around = childNamed(element, "policy");
  if (!around) return undefined;
  const text = attributeOf(around, "key");
  if (text !== undefined) {
    const key = context.keyReference(around, text);
    return key && { kind: "key", key };
  }
  const [inner] = childElements(around);
  if (!inner)
    return context.error(
      around,
      "A 'key' attribute or a policy in place is required for a throttle",
    );
  const policy = readThrottlePolicy(around);
  if (typeof policy === "string") return context.error(inner, policy);
  return { kind: "inline", policy };
}

/** The attribute wins over the child. */
function readReaction(
  element: XmlElement,
  name: "onAccept" | "onReject",
  context: ReadContext,
): Branch | undefined {
  if (attributeOf(element, name) !== undefined) return readBranch(element, context, name);
  const child = childNamed(element, name);
  return child && inlineBranch(child, context);
}
