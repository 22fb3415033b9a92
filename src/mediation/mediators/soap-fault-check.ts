/** FORCE_ERROR_ON_SOAP_FAULT: a SOAP fault of an endpoint becomes a fault of the message (code 500000). */
import { FAULT_CODES, MediationFault } from "../mediation-fault.ts";
import type { Message } from "../message/message.ts";
import { faultPartsOf } from "../xml/soap-fault.ts";

/** Rejects with a MediationFault when the property is set and the response is a SOAP fault. Undefined: it is not set. */
export function refuseSoapFault(response: Message): Promise<void> | undefined {
  return response.flag("FORCE_ERROR_ON_SOAP_FAULT") ? refuse(response) : undefined;
}

async function refuse(response: Message): Promise<void> {
  const parts = faultPartsOf(await response.envelope());
  if (!parts) return;
  throw new MediationFault(parts.reason, { faultCode: FAULT_CODES.soapFault });
}
