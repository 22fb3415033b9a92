/** A deployment of the journal as the API tells it: a row of the list, and with everything that is known about one. */
import { type Static, Type } from "typebox";
import type { WorkerAnswer } from "../barrier/worker-answer.ts";
import type { RevisionDifference } from "../history/revision-difference.ts";
import type { Deployment } from "../store/journal.ts";
import { DEPLOYED_ARTIFACTS, NOTES } from "./deployment-answer.ts";
import { DIFFERENCE, toDifference } from "./difference-body.ts";
import { PROBLEMS, toWorkerAnswers, WORKER_ANSWERS } from "./worker-answers.ts";

const NULLABLE_TEXT = Type.Union([Type.String(), Type.Null()]);

const ROW = {
  id: Type.Integer(),
  who: Type.String(),
  via: Type.String(),
  action: Type.String(),
  artifacts: DEPLOYED_ARTIFACTS,
  at: Type.String({ description: "ISO 8601" }),
  ms: Type.Union([Type.Number(), Type.Null()], {
    description: "How long it took; null while it is under way.",
  }),
  commit: NULLABLE_TEXT,
  base: Type.Union([Type.String(), Type.Null()], {
    description: "What was live when it began; null before the first revision.",
  }),
  outcome: Type.String(),
  problems: PROBLEMS,
  notes: NOTES,
};

export const DEPLOYMENT = Type.Object(ROW);

export const DEPLOYMENT_DETAIL = Type.Object({
  ...ROW,
  phases: Type.Array(Type.Object({ phase: Type.String(), ms: Type.Number() }), {
    description: "The steps of the barrier, in order, with the time that each took.",
  }),
  workers: WORKER_ANSWERS,
  diff: Type.Union([DIFFERENCE, Type.Null()], {
    description:
      "What it changes, without lines; null where it made no commit, or the repository has it no more.",
  }),
});

export function toDeploymentBody(row: Deployment): Static<typeof DEPLOYMENT> {
  const { id, who, via, action, atMs, finishedMs, commit = null, baseCommit = null } = row;
  return {
    id,
    who,
    via,
    action,
    artifacts: [...row.artifacts],
    at: new Date(atMs).toISOString(),
    ms: finishedMs === undefined ? null : Math.max(0, finishedMs - atMs),
    commit,
    base: baseCommit,
    outcome: row.outcome,
    problems: [...row.problems],
    notes: [...row.notes],
  };
}

export function toDetailBody(
  row: Deployment,
  answers: readonly WorkerAnswer[],
  difference: RevisionDifference | undefined,
): Static<typeof DEPLOYMENT_DETAIL> {
  return {
    ...toDeploymentBody(row),
    phases: [...row.phases],
    workers: toWorkerAnswers(answers),
    diff: difference ? toDifference(difference) : null,
  };
}
