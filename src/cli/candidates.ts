/** `bascule candidates`: what was proposed and not taken, and why; each can be looked at with `bascule diff live COMMIT`. */
import { AppError } from "../errors/app-error.ts";
import type { Command } from "./command.ts";
import { problemText } from "./deployment-text.ts";
import { MANAGER_USAGE, readManagerArguments } from "./manager-arguments.ts";
import { artifactText, askFor, type CandidateRow, shortCommit } from "./management-answers.ts";
import { TakenOptions } from "./taken-options.ts";
import { printable } from "./text-table.ts";

export const candidatesCommand: Command = {
  usage: `Usage: bascule candidates [--json] [options]
Shows the revisions that were refused or did not reach all workers, newest first (the newest 20 are kept), each with
who proposed it and what spoke against it. \`bascule diff live COMMIT\` shows what it would have changed.
  --json           the same as a JSON document
${MANAGER_USAGE}`,
  async run(args) {
    const options = new TakenOptions(args, { json: "flag" });
    const { access } = await readManagerArguments(options.rest, process.env, (given) => {
      if (given.length > 0) throw new AppError("USAGE", "candidates takes options only");
    });
    const body = await askFor<{ readonly list: readonly CandidateRow[] }>(
      access,
      "/management/candidates",
    );
    console.log(options.has("json") ? JSON.stringify(body, null, 2) : textOf(body.list));
    return 0;
  },
};

function textOf(list: readonly CandidateRow[]): string {
  if (list.length === 0) return "No candidate is kept: nothing was refused.";
  return list.map(candidateText).join("\n\n");
}

function candidateText({ commit, deployment, workers }: CandidateRow): string {
  if (!deployment) return `${shortCommit(commit)}  the journal tells nothing of it any more`;
  const { id, who, via, at, action, outcome, artifacts, problems } = deployment;
  const what = artifacts.map(artifactText).join(", ");
  const refusing = workers.filter(({ reason }) => reason !== "");
  return [
    `${shortCommit(commit)}  deployment ${id}: ${printable(`${action} ${what}`)} by ${printable(who)} (${via}) at ${at}: ${outcome}`,
    ...problems.map((problem) => `  ${problemText(problem)}`),
    ...refusing.map(({ reason }) => `  ${printable(reason)}`),
  ].join("\n");
}
