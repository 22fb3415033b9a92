/** The message of a client's request, as ServerWorker makes it: path, SOAPAction and transport properties. */
import type { ServiceRequest } from "../engine.ts";
import { parseContentType } from "../message/content-type.ts";
import type { Environment } from "../message/environment.ts";
import { Message } from "../message/message.ts";
import { MessageBody } from "../message/message-body.ts";
import type { MessageExchange } from "../message/message-exchange.ts";
import { TransportHeaders } from "../message/transport-headers.ts";

export function requestMessage(exchange: MessageExchange, environment: Environment): Message {
  const { request } = exchange;
  const message = new Message({
    exchange,
    environment,
    direction: "request",
    headers: new TransportHeaders(request.headers, true),
    body: new MessageBody(request.body, environment.bodyBytesMax),
  });
  message.addressing.To = request.target;
  const action = actionOf(message);
  if (action !== "") message.addressing.Action = action;
  message.properties.set("TRANSPORT_IN_NAME", request.transport);
  message.axis2.set("HTTP_METHOD", request.method);
  message.axis2.set("REST_URL_POSTFIX", restPostfix(request));
  if (request.body === undefined) message.axis2.set("NO_ENTITY_BODY", true);
  environment.traces?.beginIfAsked(message);
  return message;
}

/** SOAPAction without its quotes; in SOAP 1.2 the action parameter of the content type. */
function actionOf(message: Message): string {
  const header = message.headers.get("SOAPAction")?.trim();
  const isQuoted = header !== undefined && header.length > 1 && /^".*"$/.test(header);
  return (
    (isQuoted ? header.slice(1, -1) : header) ??
    parseContentType(message.headers.get("Content-Type")).action ??
    ""
  );
}

/** What follows the service name in the path, query included; outside /services the whole target. */
export function restPostfix(request: Pick<ServiceRequest, "target">): string {
  const { target } = request;
  if (!target.startsWith("/services")) return target;
  const rest = target.slice("/services".length);
  const next = rest.slice(1).search(/[/?]/);
  return next === -1 ? "" : rest.slice(next + 1);
}
