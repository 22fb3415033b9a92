/**
 * Why a request to an endpoint brought no response. The worker's `EndpointCaller` rejects with it; the
 * engine turns it into the fault codes of Synapse's pass-through transport (101501 to 101508).
 */
import { AppError } from "../errors/app-error.ts";
import { FAULT_CODES, type FaultCode, MediationFault } from "./mediation-fault.ts";

/**
 * "refused": no connection came about; "connect-timeout": none within the time for it; "timeout": no response head in
 * time; "closed": the connection ended before the response head; "protocol": the answer is not HTTP.
 */
export type EndpointFailureKind = "refused" | "connect-timeout" | "timeout" | "closed" | "protocol";

/** A request to an endpoint ended without a response. May be retried only when no connection came about. */
export class EndpointFailure extends AppError {
  readonly kind: EndpointFailureKind;

  constructor(kind: EndpointFailureKind, message: string, cause?: unknown) {
    const retryable = kind === "refused" || kind === "connect-timeout";
    super("UPSTREAM_FAILED", message, { side: "upstream", retryable, cause });
    this.name = "EndpointFailure";
    this.kind = kind;
  }
}

const NO_CONNECTION = "Error connecting to the back end";
const BROKEN_OFF = "Error in Sender";

/** In the words of DeliveryAgent, TargetHandler and TimeoutHandler, which fault sequences compare with. */
const FAULTS: Readonly<Record<EndpointFailureKind, readonly [FaultCode, string]>> = {
  refused: [FAULT_CODES.connectionFailed, NO_CONNECTION],
  "connect-timeout": [FAULT_CODES.connectTimeout, NO_CONNECTION],
  timeout: [FAULT_CODES.timedOut, "Send timeout"],
  closed: [FAULT_CODES.connectionClosed, BROKEN_OFF],
  protocol: [FAULT_CODES.protocolViolation, BROKEN_OFF],
};

/** The fault that a fault sequence sees for a failed endpoint call. What happened to the connection is for the log. */
export function faultOfFailure(failure: EndpointFailure): MediationFault {
  const [faultCode, message] = FAULTS[failure.kind];
  return new MediationFault(message, { faultCode, sending: true, cause: failure });
}
