/**
 * What the barrier of a deploy asks of every worker, as a port: make a generation of a commit ready beside the running
 * one, switch to it, or forget it. The manager holds one for each live worker (over the worker's management port, or
 * directly where both are one process); the worker implements it. The messages are JSON; `revision-stage-messages.ts` reads them.
 */

/** Most problems that one answer carries. */
export const STAGE_PROBLEMS_MAX = 200;

export interface StageRequest {
  /** Number of the deploy in the manager's journal, for logs. */
  readonly deployment: number;
  /** The candidate: a full commit id. */
  readonly commit: string;
  /** What is live while the candidate is looked at; undefined: nothing yet. */
  readonly live: string | undefined;
  /** What the candidate changes, where that is little: then it need not be fetched. */
  readonly patch?: RevisionPatch | undefined;
}

/** A commit as what it changes on top of its only parent (`revision-patch.ts`). */
export interface RevisionPatch {
  /** The parent, which whoever takes the patch must have. */
  readonly base: string;
  /** The commit object, in base64. */
  readonly commit: string;
  /** Contents in base64; null: the file is removed. */
  readonly files: readonly { readonly path: string; readonly content: string | null }[];
}

/** A problem of an artifact, as the journal keeps it. */
export interface StageProblem {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

export type StageAnswer =
  /** Compiled and waiting. */
  | { readonly kind: "ready" }
  /** The artifacts are at fault: no other worker would take them either. */
  | {
      readonly kind: "faulty";
      /** The first ones. */
      readonly problems: readonly StageProblem[];
      /** Problems beyond these, which did not fit into the answer. Default: 0. */
      readonly more?: number;
    }
  /** This worker cannot: repository out of reach, signature refused, disk full, it is stopping. */
  | { readonly kind: "failed"; readonly reason: string };

/** What a worker runs once it was told to switch. */
export interface SwitchAnswer {
  /** The commit that new requests are answered by now. */
  readonly revision: string | undefined;
}

/** What has become of the messages of one service since its generation runs. */
export interface ServiceOutcome {
  readonly kind: "proxy-service" | "api";
  readonly name: string;
  /** Messages that were begun. */
  readonly messages: number;
  /** Of these, those that ended in a fault: a fault sequence ran, or nothing answered. */
  readonly faults: number;
}

export interface OutcomesAnswer {
  readonly revision: string | undefined;
  /** Those that any message has reached. */
  readonly services: readonly ServiceOutcome[];
}

/** Every call may reject with an AppError (side "peer") when the worker does not answer. */
export interface RevisionStage {
  /** Fetches, verifies and compiles the commit beside the running generation; replaces an earlier candidate. */
  stage(request: StageRequest, signal?: AbortSignal): Promise<StageAnswer>;
  /**
   * Switches to the staged commit by one assignment; one that was not staged is fetched first. `seal`: the manager's signed
   * word that it is live, in base64; a worker that has followed one before looks at the repository where it is missing.
   */
  activate(commit: string, signal?: AbortSignal, seal?: string): Promise<SwitchAnswer>;
  /** Forgets the candidate, if it still is that commit. */
  abandon(commit: string, signal?: AbortSignal): Promise<void>;
  /** Counts of the services of the running generation. */
  outcomes(signal?: AbortSignal): Promise<OutcomesAnswer>;
}
