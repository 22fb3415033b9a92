/**
 * How a node ends that was removed from its cluster: with exit status 77 (EX_NOPERM of sysexits.h), after it has finished its
 * requests. Nothing is to start it again before its home is registered anew: `bascule up` does not, nor do the systemd units.
 */
export const REMOVED_STATUS = 77;
