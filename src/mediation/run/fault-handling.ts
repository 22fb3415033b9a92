/**
 * The fault stack (SequenceMediator, MediatorFaultHandler): a fault takes the innermost handler of its message and
 * runs it; a fault inside a handler takes the next one. When none is left the message is dropped with
 * a line in the log.
 */
import { FAULT_CODES, type MediationFault, toMediationFault } from "../mediation-fault.ts";
import { mediateAll } from "../mediators/mediator.ts";
import { logText } from "../message/log-text.ts";
import type { Message } from "../message/message.ts";

/** What an action gives that may have to wait. */
export type Work = Promise<unknown> | boolean | undefined | void;

/**
 * Runs an action on a message; what it throws is answered by the fault stack. Neither throws nor rejects.
 * @returns undefined: the action was over within the call.
 */
export function runGuarded(message: Message, action: () => Work): Promise<void> | undefined {
  try {
    const work = action();
    return work instanceof Promise ? guard(message, work) : undefined;
  } catch (thrown) {
    return handleFault(message, toMediationFault(thrown));
  }
}

async function guard(message: Message, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (thrown) {
    await handleFault(message, toMediationFault(thrown));
  }
}

async function handleFault(message: Message, first: MediationFault): Promise<void> {
  let fault = first;
  message.exchange.noteFault();
  for (;;) {
    message.sequenceDepth = 0;
    message.positions = [];
    const handler = message.faultHandlers.pop();
    if (!handler) {
      message.environment.log.error(
        `Exception encountered but no fault handler found - message dropped : ${logText(fault.message)}`,
      );
      return;
    }
    recordFault(message, fault);
    const log = message.exchange.serviceLog ?? message.environment.log;
    log.warn(`ERROR_CODE : ${fault.faultCode} ERROR_MESSAGE : ${logText(fault.message)}`);
    log.warn(`Executing fault sequence mediator : ${handler.name}`);
    try {
      await mediateAll(handler.mediators, message);
      return;
    } catch (thrown) {
      fault = toMediationFault(thrown);
    }
  }
}

/** What fault sequences read. A code that is set already stays when the fault has none of its own. */
function recordFault(message: Message, fault: MediationFault): void {
  const { properties } = message;
  if (fault.faultCode === FAULT_CODES.other && properties.has("ERROR_CODE")) return;
  properties.set("ERROR_CODE", String(fault.faultCode));
  properties.set("ERROR_MESSAGE", fault.message.split("\n", 1)[0] ?? "");
  properties.set("ERROR_DETAIL", fault.detail);
  properties.set("ERROR_EXCEPTION", `${fault.name}: ${fault.message}`);
  if (fault.sending) properties.set("SENDING_FAULT", "true");
}
