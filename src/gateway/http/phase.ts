/** What the entries of the phase list have in common. */
import type { Cycle } from "../cycle.ts";
import type { RequestContext } from "./request-context.ts";

/** "next": the next entry; "done": answered; "relocate": the URI has changed, the location is chosen again. */
export type Outcome = "next" | "done" | "relocate";

export type PhaseName =
  | "post read"
  | "server rewrite"
  | "find location"
  | "rewrite"
  | "preaccess"
  | "access"
  | "precontent"
  | "content";

/** One module in one phase. `run` answers with a promise only when it has to wait. */
export interface PhaseEntry {
  readonly phase: PhaseName;
  readonly name: string;
  run(context: RequestContext, cycle: Cycle): Outcome | Promise<Outcome>;
}
