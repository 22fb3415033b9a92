/**
 * Reads `send` (SendMediatorFactory):
 *
 *   <send [receive="key|{xpath}"] [buildmessage="true|false"]>
 *     <endpoint ...>?
 *   </send>
 */
import { attributeOf, childNamed } from "../../../config/xml-query.ts";
import { SendMediator } from "../../mediators/send.ts";
import { readEndpoint } from "./endpoint.ts";
import type { MediatorReader } from "./read-context.ts";

export const sendReader: MediatorReader = {
  name: "send",
  read(element, context) {
    const child = childNamed(element, "endpoint");
    const endpoint = child && readEndpoint(child, context);
    const receive = attributeOf(element, "receive");
    const receiver = receive === undefined ? undefined : context.keyReference(element, receive);
    if (child && !endpoint) return undefined;
    return new SendMediator({
      endpoint,
      receive: receiver,
      buildMessage: attributeOf(element, "buildmessage")?.toLowerCase() === "true",
    });
  },
};
