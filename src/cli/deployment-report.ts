/**
 * Shows what the manager says of a change: what is live now and who runs it, each problem as `file:line: message`, or which
 * worker could not take it and how to go on.
 */
import { AppError } from "../errors/app-error.ts";
import { problemText, workerTable } from "./deployment-text.ts";
import { type ArtifactRow, artifactText, type WorkerRow } from "./management-answers.ts";
import { errorOf, type ManagerAnswer } from "./manager-client.ts";
import { printable } from "./text-table.ts";

/** The fields that the API's answers to changes may have; its own schemas hold the form. */
interface ChangeAnswer {
  readonly commit?: string;
  readonly deployment?: number;
  readonly candidate?: string | null;
  readonly artifacts?: readonly ArtifactRow[];
  readonly problems?: Parameters<typeof problemText>[0][];
  readonly workers?: readonly WorkerRow[];
  readonly notes?: readonly string[];
}

/** @returns the exit status: 0 done, 1 refused or failed. @throws AppError when the answer is another failure. */
export function reportDeployment({ status, body }: ManagerAnswer, done: string): number {
  const answer = typeof body === "object" && body !== null ? (body as ChangeAnswer) : {};
  if (status === 422) return reportRefusal(answer, errorOf(body));
  if (status === 503 && answer.workers) return reportFailure(answer, errorOf(body));
  if (status !== 200 && status !== 201)
    throw new AppError("REQUEST_INVALID", errorOf(body) ?? `the manager answers ${status}`);
  const { artifacts = [], commit, workers = [], notes = [] } = answer;
  for (const artifact of artifacts) console.log(printable(`${done}: ${artifactText(artifact)}`));
  const isChanged = status === 201 || done === "Undeployed";
  console.log(isChanged ? `Revision ${commit} is live.` : `Revision ${commit} has it already.`);
  if (workers.length > 0) console.log(switchedLine(workers));
  for (const { answer: kind, reason } of workers)
    if (kind !== "ready" && reason !== "") console.log(printable(reason));
  for (const note of notes) console.log(printable(note));
  return 0;
}

function reportRefusal(
  { problems = [], workers = [], candidate = null }: ChangeAnswer,
  sentence: string | undefined,
): number {
  const lines = problems.map(problemText);
  if (lines.length === 0) lines.push(printable(sentence ?? "the manager gives no reason"));
  for (const line of lines) console.error(line);
  const refusing = workers.filter(({ answer }) => answer === "faulty").map(({ node }) => node);
  const by = refusing.length === 0 ? "" : ` by ${printable(refusing.join(", "))}`;
  console.error(`Refused${by}: nothing was changed.`);
  sayWhereCandidateIs(candidate);
  return 1;
}

function reportFailure(
  { workers = [], candidate = null }: ChangeAnswer,
  sentence: string | undefined,
): number {
  console.error(workerTable(workers));
  console.error(printable(`bascule: ${sentence ?? "a worker could not take the revision"}`));
  console.error("Nothing was changed.");
  sayWhereCandidateIs(candidate);
  return 1;
}

function sayWhereCandidateIs(candidate: string | null): void {
  if (candidate === null) return;
  const short = candidate.slice(0, 10);
  console.error(`The candidate is kept: \`bascule diff live ${short}\`, \`bascule candidates\`.`);
}

/** Who switched, and who has not yet. */
function switchedLine(workers: readonly WorkerRow[]): string {
  const on = workers.filter(({ answer, late }) => answer === "ready" && !late);
  const late = workers.filter((one) => one.late).map(({ node }) => node);
  const slowest = Math.max(0, ...on.map(({ switchMs }) => switchMs ?? 0));
  const names = on.map(({ node }) => node).join(", ");
  const switched = `${on.length} ${on.length === 1 ? "worker runs" : "workers run"} it${names === "" ? "" : ` (${names}; the last after ${Math.round(slowest)} ms)`}`;
  const behind = `late and out of rotation until they have caught up: ${late.join(", ")}`;
  return printable(late.length === 0 ? `${switched}.` : `${switched}; ${behind}.`);
}
