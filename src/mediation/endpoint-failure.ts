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

const FAULTS: Readonly<Record<EndpointFailureKind, readonly [FaultCode, string]>> = {
  refused: [FAULT_CODES.connectionFailed, "Error connecting to the back end"],
  "connect-timeout": [FAULT_CODES.connectTimeout, "Connection timeout"],
  timeout: [FAULT_CODES.timedOut, "Send timeout"],
  closed: [FAULT_CODES.connectionClosed, "Connection closed by the back end"],
  protocol: [FAULT_CODES.protocolViolation, "HTTP protocol violation of the back end"],
};

/** The fault that a fault sequence sees for a failed endpoint call. */
export function faultOfFailure(failure: EndpointFailure): MediationFault {
  const [faultCode, message] = FAULTS[failure.kind];
  return new MediationFault(message, {
    faultCode,
    detail: failure.message,
    sending: true,
    cause: failure,
  });
}
