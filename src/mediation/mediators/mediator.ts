/**
 * What every mediator is, and lists of them. A mediator returns true to let the list go on and false to
 * stop it and all lists around it; it throws a MediationFault when the message cannot be mediated.
 */
import type { Message } from "../message/message.ts";

export interface Mediator {
  /** The element's local name, for logs and tests. */
  readonly kind: string;
  mediate(message: Message): Promise<boolean>;
}

/** Mediators in order. */
export type MediatorList = readonly Mediator[];

/** A sequence: a list with a name and, perhaps, a fault handler of its own. */
export interface Sequence {
  readonly name: string;
  readonly mediators: MediatorList;
  /** Key of the sequence that handles faults raised inside. */
  readonly onError: string | undefined;
}

/** Where a list stands: what a copy that goes on behind its branch continues with. */
export interface ListPosition {
  readonly mediators: MediatorList;
  /** Index of the mediator that runs after the present one. */
  next: number;
  /** What to undo when the list is left by its end: an onError handler, a template's parameters. */
  readonly leave: ((message: Message) => void) | undefined;
}

/** Runs mediators until one stops. */
export async function mediateAll(
  mediators: MediatorList,
  message: Message,
  leave?: (message: Message) => void,
): Promise<boolean> {
  return runFrom({ mediators, next: 0, leave }, message);
}

/**
 * Goes on with what is left of lists that another message has come through, the innermost (last) first.
 * @returns false when a mediator stopped.
 */
export async function mediateRest(
  positions: readonly ListPosition[],
  message: Message,
): Promise<boolean> {
  for (const [index, position] of [...positions.entries()].toReversed()) {
    message.positions = positions.slice(0, index).map((outer) => ({ ...outer }));
    if (!(await runFrom({ ...position }, message))) return false;
    position.leave?.(message);
  }
  return true;
}

async function runFrom(position: ListPosition, message: Message): Promise<boolean> {
  const { positions } = message;
  positions.push(position);
  try {
    const { mediators } = position;
    for (let mediator = mediators[position.next]; mediator; mediator = mediators[position.next]) {
      position.next += 1;
      const { trace } = message.exchange;
      const running = trace ? trace.run(mediator, message) : mediator.mediate(message);
      if (!(await running)) return false;
    }
    return true;
  } finally {
    if (positions.at(-1) === position) positions.pop();
  }
}
