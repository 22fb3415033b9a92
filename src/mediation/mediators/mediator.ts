/**
 * What every mediator is, and lists of them. A mediator returns true to let the list go on and false to
 * stop it and all lists around it; it throws a MediationFault when the message cannot be mediated.
 */
import type { Soon } from "../../runtime/soon.ts";
import type { Message } from "../message/message.ts";

/** What a mediator says: at once, or as a promise where it has to wait. Most never wait, and a promise costs more than they do. */
export type Verdict = Soon<boolean>;

export interface Mediator {
  /** The element's local name, for logs and tests. */
  readonly kind: string;
  mediate(message: Message): Verdict;
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

/** Runs mediators until one stops; within the call as far as none of them waits. */
export function mediateAll(
  mediators: MediatorList,
  message: Message,
  leave?: (message: Message) => void,
): Verdict {
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

function runFrom(position: ListPosition, message: Message): Verdict {
  const { positions } = message;
  positions.push(position);
  let verdict: Verdict | undefined;
  try {
    verdict = runOn(position, message);
  } finally {
    if (typeof verdict !== "object") leaveList(positions, position);
  }
  return typeof verdict === "boolean" ? verdict : runAfter(verdict, position, message);
}

/** To the end, to a mediator that stops, or to the first that waits. */
function runOn(position: ListPosition, message: Message): Verdict {
  const { mediators } = position;
  for (let mediator = mediators[position.next]; mediator; mediator = mediators[position.next]) {
    position.next += 1;
    const { trace } = message.exchange;
    const verdict = trace ? trace.run(mediator, message) : mediator.mediate(message);
    if (verdict !== true) return verdict;
  }
  return true;
}

/** The rest of a list behind a mediator that waits. */
async function runAfter(
  first: Promise<boolean>,
  position: ListPosition,
  message: Message,
): Promise<boolean> {
  const { positions } = message;
  try {
    let verdict: Verdict = first;
    while (typeof verdict === "object") {
      if (!(await verdict)) return false;
      verdict = runOn(position, message);
    }
    return verdict;
  } finally {
    leaveList(positions, position);
  }
}

function leaveList(positions: ListPosition[], position: ListPosition): void {
  if (positions.at(-1) === position) positions.pop();
}
