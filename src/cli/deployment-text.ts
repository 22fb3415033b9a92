/** Everything about one deployment, as text for a terminal: who, what, each step's time, each worker's answer, what changed. */
import {
  artifactText,
  type DeploymentDetail,
  shortCommit,
  type ProblemRow,
  type WorkerRow,
} from "./management-answers.ts";
import { printable, textTable } from "./text-table.ts";

export function deploymentText(detail: DeploymentDetail): string {
  const { problems, workers, notes, phases, diff } = detail;
  const steps = phases.map(({ phase, ms }) => `${phase} ${ms} ms`).join(", ");
  const parts = [
    headOf(detail),
    ...(problems.length > 0 ? [`Problems\n${problems.map(problemText).join("\n")}`] : []),
    ...(notes.length > 0 ? [`Notes\n${notes.map(printable).join("\n")}`] : []),
    ...(steps === "" ? [] : [`Steps\n${steps}`]),
    ...(workers.length > 0 ? [`Workers\n${workerTable(workers)}`] : []),
    ...(diff && diff.count > 0
      ? [
          `Changes (${diff.count})\n${textTable(
            ["CHANGE", "ARTIFACT", "FILE"],
            diff.list.map((one) => [one.change, artifactText(one), one.path]),
          )}`,
        ]
      : []),
  ];
  return parts.join("\n\n");
}

function headOf({ id, action, outcome, who, via, at, ms, commit }: DeploymentDetail): string {
  const took = ms === null ? "under way" : `${ms} ms`;
  return [
    `Deployment ${id}: ${action}, ${outcome}`,
    `  by ${printable(who)} (${via}) at ${at}, ${took}`,
    `  revision ${shortCommit(commit)}`,
  ].join("\n");
}

export function problemText({ file, line, message }: ProblemRow): string {
  return `${printable(file)}:${line}: ${printable(message)}`;
}

/** A row a worker: its answer with the reason, and its times. */
export function workerTable(workers: readonly WorkerRow[]): string {
  return textTable(
    ["WORKER", "ANSWER", "READY AFTER", "SWITCHED AFTER", "REASON"],
    workers.map(({ node, answer, stageMs, switchMs, late, reason }) => [
      node,
      late ? `${answer}, late` : answer,
      stageMs === null ? "-" : `${stageMs} ms`,
      switchMs === null ? "-" : `${switchMs} ms`,
      reason,
    ]),
  );
}
