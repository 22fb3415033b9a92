/** What the entries of the phase list have in common. */
import type { Cycle } from "../cycle.ts";
import type { RequestContext } from "./request-context.ts";

/** "next": the next entry; "done": answered; "relocate": the URI has changed, the location is chosen again. */
export type Outcome = "next" | "done" | "relocate";

/** Work under way that answers the request; a promise of it would cost more than most requests do. */
export interface Pending {
  /** Calls once when the request is answered, with what went wrong; at once when it is. */
  whenOver(action: (error?: unknown) => void): void;
}

/** A request in its phases. Undefined: it is answered. */
export type Running = Promise<void> | Pending | undefined;

export type PhaseName =
  | "post read"
  | "server rewrite"
  | "find location"
  | "rewrite"
  | "preaccess"
  | "access"
  | "precontent"
  | "content";

/** One module in one phase. `run` answers with a promise, or with what is pending, only when it has to wait. */
export interface PhaseEntry {
  readonly phase: PhaseName;
  readonly name: string;
  run(context: RequestContext, cycle: Cycle): Outcome | Pending | Promise<Outcome>;
}

/** For those who wait in an async function. */
export function whenAnswered(running: Running): Promise<void> {
  if (!running) return Promise.resolve();
  if (running instanceof Promise) return running;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  running.whenOver((error) => (error === undefined ? resolve() : reject(error)));
  return promise;
}
