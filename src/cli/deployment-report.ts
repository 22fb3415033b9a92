/** Shows what the manager says of a deploy or undeploy: what is live now, or each problem as `file:line: message`. */
import { AppError } from "../errors/app-error.ts";
import { errorOf, type ManagerAnswer } from "./manager-client.ts";

/** @returns the exit status: 0 done, 1 refused. @throws AppError when the answer is another failure. */
export function reportDeployment({ status, body }: ManagerAnswer, done: string): number {
  if (status === 422) {
    for (const line of problemLines(body)) console.error(line);
    console.error(`Refused: nothing was changed.`);
    return 1;
  }
  if (status !== 200 && status !== 201)
    throw new AppError("REQUEST_INVALID", errorOf(body) ?? `the manager answers ${status}`);
  const commit = fieldOf(body, "commit");
  for (const artifact of listOf(body, "artifacts"))
    console.log(`${done}: ${fieldOf(artifact, "kind")} ${fieldOf(artifact, "name")}`);
  const isChanged = status === 201 || done === "Undeployed";
  console.log(isChanged ? `Revision ${commit} is live.` : `Revision ${commit} has it already.`);
  return 0;
}

function problemLines(body: unknown): readonly string[] {
  const problems = listOf(body, "problems");
  if (problems.length === 0) return [errorOf(body) ?? "the manager gives no reason"];
  return problems.map(
    (problem) =>
      `${fieldOf(problem, "file")}:${fieldOf(problem, "line")}: ${fieldOf(problem, "message")}`,
  );
}

function valueOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

function listOf(value: unknown, name: string): readonly unknown[] {
  const list = valueOf(value, name);
  return Array.isArray(list) ? list : [];
}

function fieldOf(value: unknown, name: string): string {
  const field = valueOf(value, name);
  return typeof field === "string" || typeof field === "number" ? String(field) : "";
}
