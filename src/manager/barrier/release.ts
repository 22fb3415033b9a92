/**
 * One candidate on its way through the barrier: journal → propose → stage on every worker → `live` moves (the point of no
 * return) → workers switch → journal. Whoever refuses keeps all on the old revision. Called by `Deployments`, one at a time.
 */
import type { Cluster } from "../../cluster/cluster.ts";
import type { StageRequest } from "../../depsync/barrier/revision-stage.ts";
import type { DeploymentPublisher, RepositoryRefs } from "../../depsync/deployment-repository.ts";
import { AppError, messageOf } from "../../errors/app-error.ts";
import type { Log } from "../../observability/log.ts";
import type { Clock } from "../../runtime/clock.ts";
import type {
  DeployedArtifact,
  DeploymentAction,
  DeploymentPhase,
  DeploymentProblem,
  DeploymentVia,
  Journal,
} from "../store/journal.ts";
import { DeploySteps, type StepHook } from "./deploy-steps.ts";
import type { HealthWatch } from "./health-watch.ts";
import type { OutcomeCounts, ServicesAtStake } from "./health-verdict.ts";
import type { LateWorkers } from "./late-workers.ts";
import type { LiveWorkers } from "./live-workers.ts";
import { askToStage, type StagedWorker } from "./stage-round.ts";
import { switchAll, type SwitchOutcome } from "./switch-round.ts";
import { letsPass, problemsOf, refusalOf, withLeft, type WorkerAnswer } from "./worker-answer.ts";

export interface Release {
  readonly who: string;
  readonly via: DeploymentVia;
  readonly action: DeploymentAction;
  readonly artifacts: readonly DeployedArtifact[];
  /** Where `live` and `main` are expected. */
  readonly refs: RepositoryRefs;
  /** Whether `main` moves to the candidate as well. */
  readonly movesMain: boolean;
  /** Makes the candidate, and stores it where workers can fetch it. */
  readonly candidate: () => Promise<string>;
  /** Names of workers that are not asked. */
  readonly withoutNodes: readonly string[];
  readonly notes: readonly string[];
  /** By which its refusal is found again in the journal. Default: it is not. */
  readonly fingerprint?: string;
  /** What is looked at in the health window; an empty list: nothing. */
  readonly services: ServicesAtStake;
}

interface ReleaseEnd {
  /** Number in the journal. */
  readonly deployment: number;
  readonly commit: string;
  readonly workers: readonly WorkerAnswer[];
  readonly notes: readonly string[];
  readonly phases: readonly DeploymentPhase[];
}

export type ReleaseOutcome =
  | (ReleaseEnd & { readonly kind: "deployed" })
  /** refused: a worker found the artifacts faulty; failed: a worker could not, or did not answer. Nobody has switched. */
  | (ReleaseEnd & {
      readonly kind: "refused" | "failed";
      readonly problems: readonly DeploymentProblem[];
      readonly reason: string;
    })
  /** Somebody else moved `main` or `live` meanwhile; nobody has switched, and it can be tried on top of that. */
  | { readonly kind: "overtaken" };

export interface BarrierOptions {
  readonly publisher: DeploymentPublisher;
  readonly journal: Journal;
  readonly workers: LiveWorkers;
  /** Undefined: clustering is off. */
  readonly cluster: Pick<Cluster, "members" | "on"> | undefined;
  readonly late: LateWorkers | undefined;
  readonly health: HealthWatch;
  readonly log: Log;
  readonly clock: Clock;
  readonly stageTimeoutMs: number;
  /** `live` has moved to the commit. Must not throw. */
  readonly announce: (commit: string) => void;
  readonly onStep?: StepHook | undefined;
}

/** A release under way. */
interface Run {
  readonly release: Release;
  readonly deployment: number;
  readonly steps: DeploySteps;
}

/** @throws AppError DEPLOYMENT_REPOSITORY when the repository did not take it; the journal tells. */
export async function runRelease(
  release: Release,
  options: BarrierOptions,
): Promise<ReleaseOutcome> {
  const { journal, clock, onStep, workers, stageTimeoutMs, health } = options;
  checkNames(release.withoutNodes, workers);
  const steps = new DeploySteps(clock, onStep);
  const deployment = await steps.run("journal", () => journal.add(pendingRow(release)));
  const run: Run = { release, deployment, steps };
  const commit = await propose(run, options);
  const before = health.counts();
  const request = await requestFor(run, commit, options);
  const without = new Set(release.withoutNodes);
  const round = { workers, clock, timeoutMs: stageTimeoutMs };
  const staged = await steps.run("stage", () => askToStage(request, without, round));
  if (!staged.every(({ answer }) => letsPass(answer))) return refuse(run, commit, staged, options);
  const isLive = await steps.run("live", () => goLive(run, commit, staged, options));
  return isLive ? finish(run, { commit, staged, before }, options) : { kind: "overtaken" };
}

function pendingRow({ who, via, action, artifacts, refs, notes, fingerprint }: Release) {
  const row = { who, via, action, artifacts, baseCommit: refs.live, commit: undefined, notes };
  const remembered = fingerprint === undefined ? {} : { fingerprint };
  return { ...row, ...remembered, outcome: "pending", problems: [] } as const;
}

function checkNames(names: readonly string[], workers: LiveWorkers): void {
  if (names.length === 0) return;
  const known = workers.list().map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const message = `there is no live worker ${unknown} to leave out; live workers: ${known.join(", ") || "none"}`;
  throw new AppError("REQUEST_INVALID", message, { side: "downstream" });
}

async function propose(
  { release, deployment, steps }: Run,
  { journal, publisher }: BarrierOptions,
): Promise<string> {
  try {
    return await steps.run("propose", async () => {
      const commit = await release.candidate();
      await journal.propose(deployment, commit);
      return commit;
    });
  } catch (error) {
    const problem = repositoryProblem(publisher, error);
    await journal.settle(deployment, { outcome: "failed", commit: undefined, problems: [problem] });
    throw error;
  }
}

function repositoryProblem({ location }: DeploymentPublisher, error: unknown): DeploymentProblem {
  return { file: location, line: 0, message: messageOf(error) };
}

/** What little the candidate changes goes along: ten workers need not fetch it. */
async function requestFor(
  { release, deployment }: Run,
  commit: string,
  { publisher, log }: BarrierOptions,
): Promise<StageRequest> {
  const { live } = release.refs;
  const request = { deployment, commit, live };
  if (live === undefined || commit === live) return request;
  try {
    return { ...request, patch: await publisher.patchOf(live, commit) };
  } catch (error) {
    log.warn(`Workers fetch ${commit}, for what it changes cannot be told: ${messageOf(error)}`);
    return request;
  }
}

/** Nobody switches; the candidate stays for looking at. */
async function refuse(
  { release, deployment, steps }: Run,
  commit: string,
  staged: readonly StagedWorker[],
  options: BarrierOptions,
): Promise<ReleaseOutcome> {
  const { journal, log } = options;
  const told = staged.map(({ answer }) => ({ ...answer, late: false }));
  const workers = withLeft(told, release.withoutNodes);
  const reason = refusalOf(workers);
  const kind = workers.some(({ answer }) => answer === "faulty") ? "refused" : "failed";
  const found = problemsOf(workers);
  const problems =
    found.length > 0 ? found : [{ file: describeNodes(workers), line: 0, message: reason }];
  const { notes } = release;
  await steps.run("abandon", async () => {
    abandon(commit, staged);
    const { phases } = steps;
    const end = { outcome: kind, commit, problems, notes, phases, answers: workers } as const;
    await journal.settle(deployment, end);
  });
  log.warn(`Revision ${commit} of deployment ${deployment} was not taken: ${reason}`);
  const { phases } = steps;
  return { kind, deployment, commit, workers, notes, phases, problems, reason };
}

function describeNodes(workers: readonly WorkerAnswer[]): string {
  return workers
    .filter((one) => !letsPass(one))
    .map(({ node }) => node)
    .join(", ");
}

/** Not waited for: a worker forgets a candidate by itself too. */
function abandon(commit: string, staged: readonly StagedWorker[]): void {
  for (const { worker, answer } of staged)
    if (answer.answer !== "without") worker.stage.abandon(commit).catch(() => {});
}

/** False: somebody else was quicker. @throws AppError DEPLOYMENT_REPOSITORY. */
async function goLive(
  { release, deployment }: Run,
  commit: string,
  staged: readonly StagedWorker[],
  { publisher, journal }: BarrierOptions,
): Promise<boolean> {
  const { refs, movesMain } = release;
  try {
    await publisher.goLive({ commit, live: refs.live, main: refs.main, movesMain });
    return true;
  } catch (error) {
    const now = await publisher.refs().catch(() => undefined);
    // The answer was lost, not the move.
    if (now?.live === commit) return true;
    abandon(commit, staged);
    const isOvertaken =
      now !== undefined && (now.live !== refs.live || (movesMain && now.main !== refs.main));
    const outcome = isOvertaken ? "interrupted" : "failed";
    const problems = [repositoryProblem(publisher, error)];
    await journal.settle(deployment, { outcome, commit, problems });
    if (isOvertaken) return false;
    throw error;
  }
}

interface Taken {
  readonly commit: string;
  readonly staged: readonly StagedWorker[];
  readonly before: Promise<OutcomeCounts>;
}

/** From here on the revision is live, whatever goes wrong. */
async function finish(
  { release, deployment, steps }: Run,
  { commit, staged, before }: Taken,
  options: BarrierOptions,
): Promise<ReleaseOutcome> {
  const { workers, late, health, journal, announce, log } = options;
  const ready = new Set(
    staged.flatMap(({ worker, answer }) => (isReady(answer) ? [worker.id] : [])),
  );
  const others = workers.list().filter(({ id }) => !ready.has(id));
  late?.begin(
    commit,
    others.map(({ name }) => name),
  );
  const switched = await steps.run("switch", () => switchAll(commit, staged, options));
  announce(commit);
  const notes = [...release.notes, ...lateNotes(switched, late?.names ?? [])];
  const { previous, services } = { previous: release.refs.live, services: release.services };
  if (previous === undefined) health.end();
  else health.begin({ deployment, commit, previous, services, before });
  const answers = withLeft(switched.answers, release.withoutNodes);
  await steps.run("settle", async () => {
    const { phases } = steps;
    const end = { outcome: "deployed", commit, problems: [], notes, phases, answers } as const;
    await journal.settle(deployment, end).catch((error: unknown) => {
      log.error(`Deployment ${deployment} is live but could not be journaled`, { error });
    });
  });
  const { phases } = steps;
  return { kind: "deployed", deployment, commit, workers: answers, notes, phases };
}

function isReady({ answer }: WorkerAnswer): boolean {
  return answer === "ready";
}

function lateNotes(
  { unconfirmedGateways }: SwitchOutcome,
  late: readonly string[],
): readonly string[] {
  const notes: string[] = [];
  if (late.length > 0)
    notes.push(
      `${late.join(", ")} ${late.length === 1 ? "does" : "do"} not run the revision yet and get no new requests until then`,
    );
  if (unconfirmedGateways.length > 0)
    notes.push(
      `${unconfirmedGateways.join(", ")} did not confirm in time: such a gateway may still send requests to workers that are late`,
    );
  return notes;
}
