/** A bounded wait of whoever leaves: what has not gone out by then is given up. */
import type { Clock } from "../runtime/clock.ts";

/** Resolves with `promise`, or after `ms` without it; rejects as it does. */
export async function settledWithin(
  clock: Clock,
  ms: number,
  promise: Promise<unknown>,
): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = clock.after(ms, late.resolve);
  try {
    await Promise.race([promise, late.promise]);
  } finally {
    timer.cancel();
  }
}
