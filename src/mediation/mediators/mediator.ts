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

/** Runs mediators until one stops. */
export async function mediateAll(mediators: MediatorList, message: Message): Promise<boolean> {
  for (const mediator of mediators) if (!(await mediator.mediate(message))) return false;
  return true;
}
