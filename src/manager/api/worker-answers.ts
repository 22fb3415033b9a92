/** What each worker answered to a deploy, as the API tells it: in the answer of the deploy itself and in the journal. */
import { type Static, Type } from "typebox";
import type { WorkerAnswer } from "../barrier/worker-answer.ts";

export const PROBLEMS = Type.Array(
  Type.Object({ file: Type.String(), line: Type.Integer(), message: Type.String() }),
);

const NULLABLE_MS = Type.Union([Type.Number(), Type.Null()]);

export const WORKER_ANSWERS = Type.Array(
  Type.Object({
    node: Type.String(),
    answer: Type.String({
      description:
        "ready; faulty: it refuses the artifacts; failed: it cannot; silent: it did not answer in time; left: it left the cluster meanwhile; without: left out on purpose",
    }),
    reason: Type.String({ description: "A sentence; empty where it is ready." }),
    problems: PROBLEMS,
    stageMs: NULLABLE_MS,
    switchMs: NULLABLE_MS,
    late: Type.Boolean({
      description:
        "It did not run the revision when the deploy returned; gateways send it nothing.",
    }),
  }),
);

export function toWorkerAnswers(answers: readonly WorkerAnswer[]): Static<typeof WORKER_ANSWERS> {
  return answers.map(({ node, answer, reason, problems, stageMs, switchMs, late }) => ({
    node,
    answer,
    reason,
    problems: [...problems],
    stageMs: stageMs ?? null,
    switchMs: switchMs ?? null,
    late,
  }));
}
