/** The part of the deployment journal that keeps what each worker answered: a row a worker and deployment. Called by `Journal`. */
import type { Kysely } from "kysely";
import type { StageProblem } from "../../depsync/barrier/revision-stage.ts";
import type { WorkerAnswer, WorkerAnswerKind } from "../barrier/worker-answer.ts";
import type { Tables } from "./tables.ts";

/** Workers of one deployment that are kept. */
const ANSWERS_MAX = 500;
/** Problems of one answer that are kept. */
const PROBLEMS_MAX = 200;
/** Rows of one statement: SQLite bounds its parameters. */
const ROWS_PER_INSERT = 50;

export async function insertAnswers(
  database: Kysely<Tables>,
  deployment: number,
  answers: readonly WorkerAnswer[],
): Promise<void> {
  const rows = answers.slice(0, ANSWERS_MAX).map((one) => ({
    deployment_id: deployment,
    node: one.node,
    answer: one.answer,
    reason: one.reason,
    problems: JSON.stringify(one.problems.slice(0, PROBLEMS_MAX)),
    stage_ms: one.stageMs ?? null,
    switch_ms: one.switchMs ?? null,
    is_late: one.late ? 1 : 0,
  }));
  for (let from = 0; from < rows.length; from += ROWS_PER_INSERT) {
    const some = rows.slice(from, from + ROWS_PER_INSERT);
    await database.insertInto("deployment_answers").values(some).execute();
  }
}

/** In the order of the workers' names. The casts undo what `insertAnswers` wrote. */
export async function readAnswers(
  database: Kysely<Tables>,
  deployment: number,
): Promise<readonly WorkerAnswer[]> {
  const query = database.selectFrom("deployment_answers").selectAll();
  const rows = await query.where("deployment_id", "=", deployment).orderBy("node").execute();
  return rows.map((row) => ({
    node: row.node,
    answer: row.answer as WorkerAnswerKind,
    reason: row.reason,
    problems: JSON.parse(row.problems) as readonly StageProblem[],
    stageMs: row.stage_ms ?? undefined,
    switchMs: row.switch_ms ?? undefined,
    late: row.is_late === 1,
  }));
}
