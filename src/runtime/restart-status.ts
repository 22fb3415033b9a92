/**
 * How a node asks to be started again: it ends with exit status 75 (EX_TEMPFAIL of sysexits.h), and what started it starts
 * it again. `bascule up` does, and the systemd units do; whoever else does says so in the environment.
 */
export const RESTART_STATUS = 75;

/** Names what starts the node again, for people; set by the systemd units, and for other supervisors by their owner. */
const SUPERVISOR_VARIABLE = "BASCULE_SUPERVISOR";

/** What starts this process again when it ends with RESTART_STATUS; undefined: nothing does. */
export function supervisorOf(
  environment: NodeJS.ProcessEnv,
  hasParent: boolean,
): string | undefined {
  if (hasParent) return "bascule up";
  const named = environment[SUPERVISOR_VARIABLE]?.trim().slice(0, 40);
  return named === "" ? undefined : named;
}
