/**
 * The failure of one message: what Synapse calls a SynapseException. A mediator or an endpoint throws it,
 * the fault stack of the message answers it (run/fault-handling.ts), and its code and sentence are what a
 * fault sequence reads as ERROR_CODE and ERROR_MESSAGE.
 */
import { AppError, messageOf } from "../errors/app-error.ts";

/** The codes of SynapseConstants that this engine raises. */
export const FAULT_CODES = {
  other: 0,
  senderReceiving: 101501,
  connectionFailed: 101503,
  timedOut: 101504,
  connectionClosed: 101505,
  protocolViolation: 101506,
  connectTimeout: 101508,
  groupNotReady: 303000,
  addressNotReady: 303001,
  wsdlNotReady: 303002,
  indirectEndpointNotReady: 305100,
  sessionChildNotReady: 309001,
  sessionFailed: 309003,
  callout: 401000,
  blockingCall: 401001,
  soapFault: 500000,
} as const;

/** One of the numeric codes above. */
export type FaultCode = (typeof FAULT_CODES)[keyof typeof FAULT_CODES];

export interface MediationFaultOptions {
  /** Default: 0, "anything else". */
  readonly faultCode?: FaultCode;
  /** What ERROR_DETAIL shows. Default: the message. */
  readonly detail?: string;
  /** The message could not be sent: SENDING_FAULT becomes true. Default: false. */
  readonly sending?: boolean;
  readonly cause?: unknown;
}

/** A message cannot be mediated further; the next fault handler of the message takes over. */
export class MediationFault extends AppError {
  readonly faultCode: FaultCode;
  readonly detail: string;
  readonly sending: boolean;

  constructor(message: string, options: MediationFaultOptions = {}) {
    const side = options.sending === true ? "upstream" : "internal";
    super("MEDIATION_FAULT", message, { side, cause: options.cause });
    this.name = "MediationFault";
    this.faultCode = options.faultCode ?? FAULT_CODES.other;
    this.detail = options.detail ?? message;
    this.sending = options.sending ?? false;
  }
}

/** Anything that was thrown while a message was mediated, as a fault. */
export function toMediationFault(thrown: unknown): MediationFault {
  if (thrown instanceof MediationFault) return thrown;
  return new MediationFault(messageOf(thrown), { cause: thrown });
}
