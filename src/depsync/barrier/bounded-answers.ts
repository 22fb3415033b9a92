/**
 * What a worker answers in a deploy, brought within the bounds of `revision-stage-messages.ts`, so that the manager can
 * read it whatever the worker found: no text beyond STAGE_TEXT_MAX, no list beyond its number of entries, and no list beyond the bytes of
 * its JSON, in which one character may take six. Called where the answer is written.
 */
import {
  type OutcomesAnswer,
  STAGE_PROBLEMS_MAX,
  type StageAnswer,
  type StageProblem,
} from "./revision-stage.ts";
import { ANSWER_BYTES_MAX, OUTCOMES_MAX, STAGE_TEXT_MAX } from "./revision-stage-messages.ts";

/** Bytes of JSON of the one list of an answer; a kilobyte is left for what stands around it. */
export const LIST_BYTES_MAX = ANSWER_BYTES_MAX - 1024;

/** The first problems, as many as fit; `more` says how many there are beyond them. */
export function boundedStageAnswer(answer: StageAnswer): StageAnswer {
  if (answer.kind === "ready") return answer;
  if (answer.kind === "failed") return { kind: "failed", reason: cut(answer.reason) };
  const first = answer.problems.slice(0, STAGE_PROBLEMS_MAX).map(boundedProblem);
  const problems = fitting(first, STAGE_PROBLEMS_MAX);
  const more = (answer.more ?? 0) + answer.problems.length - problems.length;
  return more === 0 ? { kind: "faulty", problems } : { kind: "faulty", problems, more };
}

/** All services; where they do not fit, those with most faults, which are what the manager looks for. */
export function boundedOutcomes({ revision, services }: OutcomesAnswer): OutcomesAnswer {
  const told = services.map((service) => ({ ...service, name: toldName(service.name) }));
  const fit = fitting(told, OUTCOMES_MAX);
  if (fit.length === told.length) return { revision, services: told };
  const worst = told.toSorted(
    (one, other) => other.faults - one.faults || other.messages - one.messages,
  );
  return { revision, services: fitting(worst, OUTCOMES_MAX) };
}

/**
 * The name of a service in an answer: its own, cut where it is longer than a text may be. Services that differ only
 * beyond that are counted together. Who compares names with those of an answer asks here first.
 */
export function toldName(name: string): string {
  return cut(name);
}

function boundedProblem({ file, line, message }: StageProblem): StageProblem {
  return { file: cut(file), line, message: cut(message) };
}

/** The first entries that stay within both bounds. */
function fitting<Entry>(entries: readonly Entry[], countMax: number): readonly Entry[] {
  let bytes = 0;
  let count = 0;
  for (const entry of entries) {
    bytes += Buffer.byteLength(JSON.stringify(entry)) + 1;
    if (count === countMax || bytes > LIST_BYTES_MAX) break;
    count += 1;
  }
  return entries.slice(0, count);
}

/** Between two characters, not within one that takes two places. */
function cut(text: string): string {
  if (text.length <= STAGE_TEXT_MAX) return text;
  return `${text.slice(0, STAGE_TEXT_MAX - 3).replace(/[\uD800-\uDBFF]$/, "")}...`;
}
