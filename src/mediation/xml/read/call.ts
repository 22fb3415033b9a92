/**
 * Reads `call` (CallMediatorFactory):
 *
 *   <call [blocking="true|false"]>
 *     <endpoint ...>?
 *   </call>
 */
import { attributeOf, childNamed } from "../../../config/xml-query.ts";
import { CallMediator } from "../../mediators/call.ts";
import { readEndpoint } from "./endpoint.ts";
import type { MediatorReader } from "./read-context.ts";

export const callReader: MediatorReader = {
  name: "call",
  read(element, context) {
    const child = childNamed(element, "endpoint");
    const endpoint = child && readEndpoint(child, context);
    if (child && !endpoint) return undefined;
    const blocking = attributeOf(element, "blocking")?.toLowerCase() === "true";
    return new CallMediator({ endpoint, blocking });
  },
};
