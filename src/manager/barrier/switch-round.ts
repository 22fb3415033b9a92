/**
 * The second half of a deploy's barrier: the cluster's revision has moved, now every ready worker switches. Who does not answer
 * within a moment is late, which gateways are told, and the deploy waits until they have confirmed. Never rejects: what
 * is live stays live.
 */
import type { Cluster } from "../../cluster/cluster.ts";
import type { DeploymentPublisher } from "../../depsync/deployment-repository.ts";
import type { Clock } from "../../runtime/clock.ts";
import { untilGatewaysConfirm } from "./gateway-confirmation.ts";
import type { LateWorkers } from "./late-workers.ts";
import type { LiveWorkers } from "./live-workers.ts";
import type { StagedWorker } from "./stage-round.ts";
import type { WorkerAnswer } from "./worker-answer.ts";

/** A worker that has not switched after so long is late. */
export const LATE_AFTER_MS = 1_000;
/** How long a deploy waits for gateways, and for workers that are late. */
export const CONFIRM_MS_MAX = 5_000;

export interface SwitchRoundOptions {
  readonly workers: LiveWorkers;
  /** Says to workers what is live. */
  readonly publisher: Pick<DeploymentPublisher, "sealOf">;
  readonly clock: Clock;
  /** Undefined: clustering is off, and there are no gateways. */
  readonly cluster: Pick<Cluster, "members" | "on"> | undefined;
  readonly late: LateWorkers | undefined;
}

export interface SwitchOutcome {
  readonly answers: readonly WorkerAnswer[];
  /** Gateways that had not confirmed when the waiting ended. */
  readonly unconfirmedGateways: readonly string[];
}

export async function switchAll(
  commit: string,
  staged: readonly StagedWorker[],
  options: SwitchRoundOptions,
): Promise<SwitchOutcome> {
  const { clock, workers, publisher } = options;
  const startedMs = clock.monotonicMs();
  const gone = new Set<string>();
  const endLeft = workers.onLeft((id) => gone.add(id));
  const ready = staged.filter(({ answer }) => answer.answer === "ready");
  const switched = new Map<string, number>();
  const abort = new AbortController();
  const seal = await publisher.sealOf(commit).catch(() => undefined);
  const activate = async ({ worker: { id, stage } }: StagedWorker): Promise<void> => {
    const { revision } = await stage.activate(commit, abort.signal, seal);
    if (revision === commit) switched.set(id, clock.monotonicMs() - startedMs);
  };
  // A worker that does not answer is late, whatever the reason.
  const all = Promise.allSettled(ready.map(activate));
  await within(clock, LATE_AFTER_MS, all);
  const isLate = ({ worker }: StagedWorker): boolean =>
    !switched.has(worker.id) && !gone.has(worker.id);
  const mayServeOld = staged.some(({ worker }) => !switched.has(worker.id));
  const lateOnes = ready.filter(isLate);
  const unconfirmedGateways = await settle(commit, lateOnes, { ...options, all, mayServeOld });
  endLeft();
  abort.abort(new Error("the deploy is over"));
  const answers = staged.map(({ worker, answer }) => {
    const switchMs = switched.get(worker.id);
    if (answer.answer !== "ready") return answer;
    if (switchMs !== undefined) return { ...answer, switchMs: Math.round(switchMs) };
    return { ...answer, late: !gone.has(worker.id) };
  });
  return { answers, unconfirmedGateways };
}

interface SettleOptions extends SwitchRoundOptions {
  readonly all: Promise<unknown>;
  /** Some worker has not switched. One that has left counts: a gateway may not have heard of it yet, and it may go on. */
  readonly mayServeOld: boolean;
}

/** Tells who is late, and waits until that does no harm any more: they have switched, or gateways avoid them. */
async function settle(
  commit: string,
  lateOnes: readonly StagedWorker[],
  { cluster, late, clock, all, mayServeOld }: SettleOptions,
): Promise<readonly string[]> {
  late?.add(lateOnes.map(({ worker }) => worker.name));
  const someAreLate = mayServeOld || (late !== undefined && late.names.length > 0);
  if (!someAreLate) return [];
  if (!cluster) {
    await within(clock, CONFIRM_MS_MAX, all);
    return [];
  }
  return untilGatewaysConfirm(cluster, commit, { clock, timeoutMs: CONFIRM_MS_MAX });
}

async function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = clock.after(ms, resolve);
  await Promise.race([work, promise]);
  timer.cancel();
}
