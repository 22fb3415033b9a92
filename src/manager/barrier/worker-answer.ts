/**
 * What one worker answered to a deploy, as the journal keeps it and people see it. Made by `stage-round.ts`, completed by
 * `switch-round.ts`.
 */
import type { StageProblem } from "../../depsync/barrier/revision-stage.ts";

/**
 * ready: it took the candidate; faulty: the artifacts are at fault; failed: this worker cannot; silent: it did not answer in
 * time; left: it left the cluster meanwhile and does not count; without: it was left out on purpose.
 */
export type WorkerAnswerKind = "ready" | "faulty" | "failed" | "silent" | "left" | "without";

export interface WorkerAnswer {
  /** The worker's name. */
  readonly node: string;
  readonly answer: WorkerAnswerKind;
  /** Of a faulty answer; otherwise empty. */
  readonly problems: readonly StageProblem[];
  /** Why it is no ready answer, a sentence; empty where it is one. */
  readonly reason: string;
  /** From the question to the answer; undefined: there was none. */
  readonly stageMs: number | undefined;
  /** From the switch of the cluster to the worker's own; undefined: it has not switched while the deploy was watched. */
  readonly switchMs: number | undefined;
  /** It did not run the revision when the deploy returned; gateways send it nothing until it does. */
  readonly late: boolean;
}

/** Of a worker that went before it had answered. */
export function leftMeanwhile(node: string): WorkerAnswer {
  const reason = `${node} left the cluster meanwhile`;
  const times = { stageMs: undefined, switchMs: undefined };
  return { node, answer: "left", problems: [], reason, ...times, late: false };
}

/** Also with those that were to be left out, and went before anybody was asked. */
export function withLeft(
  answers: readonly WorkerAnswer[],
  withoutNodes: readonly string[],
): readonly WorkerAnswer[] {
  const told = new Set(answers.map(({ node }) => node));
  const gone = [...new Set(withoutNodes)].filter((name) => !told.has(name));
  return [...answers, ...gone.map(leftMeanwhile)];
}

/** Whether a deploy can go on with that answer. */
export function letsPass({ answer }: WorkerAnswer): boolean {
  return answer === "ready" || answer === "left" || answer === "without";
}

/** Problems that workers found, each once however many name it. */
export function problemsOf(answers: readonly WorkerAnswer[]): readonly StageProblem[] {
  const found = new Map<string, StageProblem>();
  for (const { problems } of answers)
    for (const problem of problems) {
      const { file, line, message } = problem;
      found.set(`${file}\n${line}\n${message}`, problem);
    }
  return [...found.values()];
}

/** Why nobody switched, a sentence a worker, with what can be done. Empty: all let it pass. */
export function refusalOf(answers: readonly WorkerAnswer[]): string {
  const refusing = answers.filter((one) => !letsPass(one));
  if (refusing.length === 0) return "";
  const sentences = refusing.map(({ reason }) => reason);
  const silent = refusing.filter(({ answer }) => answer === "silent").map(({ node }) => node);
  if (silent.length === refusing.length)
    sentences.push(
      `mend ${silent.length === 1 ? "it" : "them"}, or deploy without (--without ${silent.join(" --without ")})`,
    );
  return `no worker has switched: ${sentences.join("; ")}`;
}
