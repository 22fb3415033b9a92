/**
 * Whether a message is for an operation of the WSDL that its proxy service publishes (the dispatch phase of Axis2). An unknown
 * operation is refused before mediation begins, unless the parameter disableOperationValidation is set. Messages
 * that are not XML name no operation and pass.
 */
import type { ServiceResponse } from "../engine.ts";
import { parseContentType, payloadKindOf } from "../message/content-type.ts";
import type { Message } from "../message/message.ts";
import type { ProxyService } from "../services/proxy-service.ts";
import {
  isKnownElement,
  isNamedOperation,
  type WsdlOperations,
} from "../services/wsdl-operations.ts";
import { payloadOf } from "../xml/soap.ts";
import { faultResponse } from "./fault-response.ts";

/** The refusal; undefined when the message may go on, which is known at once where no operations are. @throws MediationFault when its body is faulty. */
export function unknownOperation(
  service: ProxyService,
  message: Message,
): Promise<ServiceResponse | undefined> | undefined {
  const operations = service.contract.operations(message.environment);
  return operations && isXml(message) ? refusalOf(service, operations, message) : undefined;
}

async function refusalOf(
  service: ProxyService,
  operations: WsdlOperations,
  message: Message,
): Promise<ServiceResponse | undefined> {
  const action = message.addressing.Action ?? "";
  if (isNamedOperation(operations, { action, segment: operationSegment(message, service) }))
    return undefined;
  const element = payloadOf(await message.envelope());
  if (isKnownElement(operations, element?.localName ?? "")) return undefined;
  // The wsa:Action is known only now that the envelope has been built.
  if (isNamedOperation(operations, { action: message.addressing.Action ?? "", segment: "" }))
    return undefined;
  const { target } = message.exchange.request;
  const reason = `The endpoint reference (EPR) for the Operation not found is ${target} and the WSA Action = ${action === "" ? "null" : action}. If this EPR was previously reachable, please contact the server administrator.`;
  return faultResponse(message.exchange.request, { code: "Client", reason });
}

function isXml(message: Message): boolean {
  if (message.body.isEmpty) return false;
  const { type } = parseContentType(message.headers.get("Content-Type"));
  return ["soap11", "soap12", "xml"].includes(payloadKindOf(type));
}

/** "op" in /services/P/op and /services/P.Port/op. */
function operationSegment(message: Message, service: ProxyService): string {
  const [path = ""] = message.exchange.request.target.split("?", 1);
  const rest = path.slice(`/services/${encodeURI(service.name)}`.length);
  return /\/([^/]+)\/?$/.exec(rest)?.[1] ?? "";
}
