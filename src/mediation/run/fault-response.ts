/** Faults of the engine itself, before or without mediation, in the form that the client spoke: an AxisFault. */
import type { ServiceRequest, ServiceResponse } from "../engine.ts";
import { serializeNode, rootOf } from "../xml/dom.ts";
import { faultEnvelope, type FaultParts } from "../xml/soap-fault.ts";
import { clientWireOf } from "./client-response.ts";

/** A SOAP fault with status 500. */
export function faultResponse(request: ServiceRequest, parts: FaultParts): ServiceResponse {
  const isSoap12 = clientWireOf(request) === "soap12";
  const envelope = faultEnvelope(isSoap12 ? "1.2" : "1.1", parts);
  return {
    status: 500,
    headers: [["Content-Type", `${isSoap12 ? "application/soap+xml" : "text/xml"}; charset=UTF-8`]],
    body: Buffer.from(serializeNode(rootOf(envelope))),
  };
}
