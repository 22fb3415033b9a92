/**
 * When a worker that leaves may close its service ports: once nobody calls there any more. Gateways hear of its leaving at
 * their own time, and a request that is on its way when its connection closes fails where it must not be sent twice.
 * Called by worker.ts after it has said "leaving".
 */
import { type Clock, sleep } from "../runtime/clock.ts";

/** Nothing has come for so long: whoever would call has heard. Longer than a busy gateway takes to send what it has begun. */
const QUIET_MS = 400;
/** A client that never hears of it, for it knows no membership, is waited for so long beside the notice. */
const CALLERS_MS_MAX = 4_000;

/** A port with the count of connections and requests that came to it. */
export interface CalledPort {
  readonly arrivals: number;
}

/** Resolves after `noticeMs` when nothing has come in the last 400 ms of it, otherwise when that is so, 4 s later at most. */
export async function untilUnused(
  ports: readonly CalledPort[],
  clock: Clock,
  noticeMs: number,
): Promise<void> {
  const arrivals = (): number => ports.reduce((sum, port) => sum + port.arrivals, 0);
  const untilMs = clock.monotonicMs() + noticeMs + CALLERS_MS_MAX;
  await sleep(clock, Math.max(0, noticeMs - QUIET_MS));
  for (;;) {
    const before = arrivals();
    await sleep(clock, QUIET_MS);
    if (arrivals() === before || clock.monotonicMs() >= untilMs) return;
  }
}
