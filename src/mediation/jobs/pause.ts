/** Waiting that a signal ends: processors and tasks wait between rounds and must stop at once. */
import type { Clock } from "../../runtime/clock.ts";

/** Timers of the process reach no further than 24 days; longer waits are made of such parts: an hour. */
const PART_MS = 3_600_000;

/** Resolves after `delayMs`, or as soon as the signal is aborted. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = clock.after(Math.max(0, delayMs), done);
  function done(): void {
    timer.cancel();
    signal.removeEventListener("abort", done);
    resolve();
  }
  signal.addEventListener("abort", done);
  return promise;
}

/** Resolves when the wall clock has come to `wallMs`, also where it was set meanwhile, or when the signal is aborted. */
export async function pauseUntil(clock: Clock, wallMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const leftMs = wallMs - clock.wallMs();
    if (leftMs <= 0) return;
    await pause(clock, Math.min(leftMs, PART_MS), signal);
  }
}
