/**
 * `sequence`: runs a sequence by key or in place, with its onError handler on the message's fault stack while it
 * runs. Implements SequenceMediator; nesting is bounded, so that a sequence that calls itself is a fault.
 */
import { MediationFault } from "../mediation-fault.ts";
import { type Message, SEQUENCE_DEPTH_MAX } from "../message/message.ts";
import { type KeyReference, keyOf } from "./key-reference.ts";
import { mediateAll, type Mediator, type Sequence, type Verdict } from "./mediator.ts";

export class SequenceMediator implements Mediator {
  readonly kind = "sequence";
  readonly #key: KeyReference;

  constructor(key: KeyReference) {
    this.#key = key;
  }

  mediate(message: Message): Verdict {
    return runSequenceOf(this.#key, message);
  }
}

/** Runs the sequence that a key names. @throws MediationFault when no sequence has it. */
export function runSequenceOf(reference: KeyReference, message: Message): Verdict {
  if (reference.kind === "static")
    return runSequence(requireSequence(message, reference.key), message);
  return keyOf(reference, message).then((key) =>
    runSequence(requireSequence(message, key), message),
  );
}

/** @throws MediationFault when no sequence has that key. */
export function requireSequence(message: Message, key: string): Sequence {
  const sequence = message.environment.sequence(key);
  if (!sequence) throw new MediationFault(`Sequence named ${key} cannot be found`);
  return sequence;
}

/**
 * Runs a sequence. A fault leaves the onError handler on the stack, where fault handling takes it from.
 * @param leaveToo what else to undo when its end is reached, see `ListPosition.leave`.
 * @throws MediationFault
 */
export function runSequence(
  sequence: Sequence,
  message: Message,
  leaveToo?: (message: Message) => void,
): Verdict {
  if (message.sequenceDepth >= SEQUENCE_DEPTH_MAX)
    throw new MediationFault(
      `Sequence ${sequence.name} is nested deeper than ${SEQUENCE_DEPTH_MAX} sequences`,
    );
  const handler = onErrorHandler(sequence, message);
  if (handler) message.faultHandlers.push(handler);
  const leave =
    handler || leaveToo
      ? (left: Message): void => {
          if (handler) popHandler(left, handler);
          leaveToo?.(left);
        }
      : undefined;
  message.sequenceDepth += 1;
  let verdict: Verdict | undefined;
  try {
    verdict = mediateAll(sequence.mediators, message, leave);
    if (typeof verdict === "boolean") leave?.(message);
  } finally {
    if (typeof verdict !== "object") message.sequenceDepth -= 1;
  }
  return typeof verdict === "boolean" ? verdict : endAfter(verdict, message, leave);
}

/** The end of a sequence whose mediators wait. */
async function endAfter(
  verdict: Promise<boolean>,
  message: Message,
  leave: ((message: Message) => void) | undefined,
): Promise<boolean> {
  try {
    const result = await verdict;
    leave?.(message);
    return result;
  } finally {
    message.sequenceDepth -= 1;
  }
}

function popHandler(message: Message, handler: Sequence): void {
  if (message.faultHandlers.at(-1) === handler) message.faultHandlers.pop();
}

function onErrorHandler(sequence: Sequence, message: Message): Sequence | undefined {
  if (sequence.onError === undefined) return undefined;
  const handler = message.environment.sequence(sequence.onError);
  if (!handler)
    message.environment.log.warn(
      `onError handler : ${sequence.onError} for sequence : ${sequence.name} cannot be found`,
    );
  return handler;
}
