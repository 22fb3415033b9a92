/** The faults that endpoints raise, and which of them say that an endpoint failed rather than its message. */
import { FAULT_CODES, MediationFault } from "../mediation-fault.ts";
import { type DirectEndpoint, endpointLabel, type GroupEndpoint } from "./endpoint.ts";

const KIND_WORDS: Readonly<Record<DirectEndpoint["kind"], string>> = {
  address: "Currently , Address endpoint",
  http: "Currently, HTTP endpoint",
  wsdl: "Currently , WSDL endpoint",
  default: "Currently , Default endpoint",
  member: "Currently , Address endpoint",
};

const GROUP_WORDS: Readonly<Record<GroupEndpoint["kind"], string>> = {
  loadbalance: "Loadbalance endpoint",
  failover: "Failover endpoint",
  recipientlist: "Recipient List endpoint",
};

/** A suspended endpoint, or one that is switched off, was called. */
export function directNotReady(endpoint: DirectEndpoint, state: string): MediationFault {
  const word = state === "OFF" ? "MAINTNENCE" : state;
  const name = endpointLabel(endpoint.settings);
  const isWsdl = endpoint.kind === "wsdl";
  return new MediationFault(
    `${KIND_WORDS[endpoint.kind]} : [ Name : ${name} ] [ State : ${word} ]`,
    { faultCode: isWsdl ? FAULT_CODES.wsdlNotReady : FAULT_CODES.addressNotReady },
  );
}

/** @param what for example "no ready child endpoints". */
export function groupFault(group: GroupEndpoint, what: string): MediationFault {
  return new MediationFault(`${GROUP_WORDS[group.kind]} : ${endpointLabel(group)} - ${what}`, {
    faultCode: FAULT_CODES.groupNotReady,
  });
}

/** Whether another endpoint may do better with the same message. */
export function isEndpointFault(thrown: unknown): thrown is MediationFault {
  if (!(thrown instanceof MediationFault)) return false;
  return thrown.sending || thrown.faultCode !== FAULT_CODES.other;
}
