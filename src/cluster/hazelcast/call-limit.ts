/** A bound for calls whose own time-out cannot be trusted: an answer that a frozen Hazelcast member owes may never come. */
import { AppError } from "../../errors/app-error.ts";
import type { Clock } from "../../runtime/clock.ts";

/** As `promise`, but rejects after `ms`. What comes later is dropped. @throws AppError CLUSTER_STORE. */
export async function within<Value>(
  clock: Clock,
  ms: number,
  promise: Promise<Value>,
): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = clock.after(ms, () =>
    reject(new AppError("CLUSTER_STORE", `the Hazelcast cluster did not answer within ${ms} ms`)),
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.cancel();
  }
}
