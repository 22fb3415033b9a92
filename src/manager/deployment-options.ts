/** What a manager's deployments need, what one deploy may be asked with, and what becomes of it. */
import type { Cluster } from "../cluster/cluster.ts";
import type {
  ChangeAuthor,
  DeploymentPublisher,
  FileChange,
  RepositoryRefs,
} from "../depsync/deployment-repository.ts";
import type { ConfigProblem } from "../errors/config-error.ts";
import type { Log } from "../observability/log.ts";
import type { Clock } from "../runtime/clock.ts";
import type { StepHook } from "./barrier/deploy-steps.ts";
import type { LiveWorkers } from "./barrier/live-workers.ts";
import type { WorkerAnswer } from "./barrier/worker-answer.ts";
import type { DeploymentPlan } from "./deployment-plan.ts";
import type { RefusedChange } from "./file-batch.ts";
import type { CompiledRevision, FileTree, Revisions } from "./revisions.ts";
import type {
  DeployedArtifact,
  DeploymentAction,
  DeploymentPhase,
  Journal,
} from "./store/journal.ts";

export const STAGE_TIMEOUT_MS = 30_000;
export const HEALTH_WINDOW_MS = 30_000;

export interface DeploymentsOptions {
  readonly publisher: DeploymentPublisher;
  readonly revisions: Revisions;
  readonly journal: Journal;
  readonly log: Log;
  readonly clock: Clock;
  /** Undefined: clustering is off. */
  readonly cluster?: Pick<Cluster, "self" | "members" | "on" | "update"> | undefined;
  /** Who is asked before anything becomes live. Default: nobody. */
  readonly workers?: LiveWorkers;
  /** How long workers may take to make a revision ready. Default: STAGE_TIMEOUT_MS. */
  readonly stageTimeoutMs?: number;
  /** How long services are watched after a deploy; 0: not at all. Default: HEALTH_WINDOW_MS. */
  readonly healthWindowMs?: number;
  /** Called before and after each step of a deploy. Default: nothing is. */
  readonly onStep?: StepHook | undefined;
  /** `live` has moved to the commit: tells whoever runs it. Must not throw. */
  readonly announce: (commit: string) => void;
  /** The changes that are live now, those of saved files excepted; brings the folder in line. Not waited for; must not reject. */
  readonly onChanged: (changes: readonly FileChange[]) => Promise<void>;
}

/** What an admin may say about one deploy. */
export interface DeployOptions {
  /** Names of live workers that are left out on purpose: the deploy does not wait for them, they follow by themselves. */
  readonly withoutNodes?: readonly string[] | undefined;
  /** Subject of the commit. Default: what is done to which artifacts. */
  readonly message?: string | undefined;
}

interface ResultBase {
  /** The id in the journal; 0: nothing was journaled. */
  readonly deployment: number;
  /** What each worker answered, in no order; empty where none was asked. */
  readonly workers: readonly WorkerAnswer[];
  /** Sentences that are no problems: what was left out, who is late. */
  readonly notes: readonly string[];
  /** The steps with their times. */
  readonly phases: readonly DeploymentPhase[];
}

/** What became of a request. */
export type DeployResult =
  | (ResultBase & {
      readonly kind: "deployed" | "unchanged";
      readonly commit: string;
      readonly artifacts: readonly DeployedArtifact[];
    })
  /** The artifacts are faulty, or a signature is not known. */
  | (ResultBase & {
      readonly kind: "refused";
      /** The candidate that workers refused, or the commit that people pushed; undefined: none was made. */
      readonly commit: string | undefined;
      readonly problems: readonly ConfigProblem[];
    })
  /** A worker could not take it, or did not answer; nobody has switched. */
  | (ResultBase & {
      readonly kind: "failed";
      readonly commit: string;
      /** Who and why, and what can be done. */
      readonly reason: string;
      readonly problems: readonly ConfigProblem[];
    });

export interface FilesResult {
  /** Undefined: nothing was committed. */
  readonly commit: string | undefined;
  readonly accepted: readonly FileChange[];
  readonly refused: readonly RefusedChange[];
  /** The files that run now. */
  readonly running: FileTree;
}

/** A change that is to be made, with its plan. */
export interface Change {
  readonly action: DeploymentAction;
  readonly author: ChangeAuthor;
  readonly options: DeployOptions;
  readonly plan: DeploymentPlan;
}

/** What a change builds on. */
export interface Ground {
  readonly refs: RepositoryRefs;
  readonly base: CompiledRevision;
  /** The head of `main` that was refused and is left out; undefined: there is nothing to leave out. */
  readonly leavesOut: string | undefined;
  /** `main` stays where it is, for what it holds is taken right after. Default: false. */
  readonly keepsMain?: boolean;
}

/** overtaken: somebody else moved `live` or `main` meanwhile; it can be tried on top of that. */
export type Attempt = DeployResult | { readonly kind: "overtaken" };

/** Of results without workers. */
export const NOBODY_ASKED = { workers: [], notes: [], phases: [] } as const;
