/**
 * Who runs a revision: every worker that is there, every gateway by its confirmation that it sends new requests only to
 * workers on it, and the managers. `untilArrived` waits for all of them, for pipelines.
 */
import type { Clock } from "../../runtime/clock.ts";
import type { NodeView } from "../node-view.ts";

/** How often is looked while somebody waits. */
const LOOK_INTERVAL_MS = 100;

export interface NodeArrival {
  readonly name: string;
  readonly role: string;
  readonly state: string;
  readonly revision: string | null;
  readonly hasArrived: boolean;
}

/** Nodes that say that they leave do not count. */
export function arrivalsOf(commit: string, nodes: readonly NodeView[]): readonly NodeArrival[] {
  return nodes
    .filter(({ state }) => state !== "leaving")
    .map(({ name, role, state, revision }) => ({
      name,
      role,
      state,
      revision,
      hasArrived: revision === commit,
    }));
}

export function haveAllArrived(arrivals: readonly NodeArrival[]): boolean {
  return arrivals.every(({ hasArrived }) => hasArrived);
}

export interface ArrivalWait {
  readonly look: () => readonly NodeArrival[];
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Ends the wait early: nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** Resolves with the last look: when all have arrived, at the timeout, or when it was aborted. */
export async function untilArrived(wait: ArrivalWait): Promise<readonly NodeArrival[]> {
  const { look, clock, timeoutMs, signal } = wait;
  const endMs = clock.monotonicMs() + timeoutMs;
  let arrivals = look();
  while (!haveAllArrived(arrivals) && !signal.aborted) {
    const leftMs = endMs - clock.monotonicMs();
    if (leftMs <= 0) break;
    await pause(clock, Math.min(LOOK_INTERVAL_MS, leftMs), signal);
    arrivals = look();
  }
  return arrivals;
}

async function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = clock.after(delayMs, resolve);
  const onAbort = (): void => resolve();
  signal.addEventListener("abort", onAbort, { once: true });
  await promise;
  signal.removeEventListener("abort", onAbort);
  timer.cancel();
}
