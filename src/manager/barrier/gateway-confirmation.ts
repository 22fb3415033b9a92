/**
 * Waits until every gateway has confirmed, by the revision in its own member record, that it sends new requests only to workers
 * on the live revision. Asked by the barrier when a worker is late: otherwise all workers have switched, and no
 * gateway can do wrong.
 */
import type { Cluster } from "../../cluster/cluster.ts";
import type { Clock } from "../../runtime/clock.ts";

/** Resolves with the names of the gateways that have not confirmed in time; mostly none. */
export async function untilGatewaysConfirm(
  cluster: Pick<Cluster, "members" | "on">,
  live: string,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
): Promise<readonly string[]> {
  const missing = (): readonly string[] =>
    cluster
      .members()
      .filter(({ role, state, revision }) => {
        const counts = role === "gateway" && state !== "leaving";
        return counts && revision !== live;
      })
      .map(({ name }) => name);
  if (missing().length === 0) return [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = (): void => {
    if (missing().length === 0) resolve();
  };
  const ends = [cluster.on("updated", look), cluster.on("left", look)];
  const timer = clock.after(timeoutMs, resolve);
  await promise;
  timer.cancel();
  for (const end of ends) end();
  return missing();
}
