/** `bascule diff`: what differs between two revisions, by artifact first and then by line. */
import { AppError } from "../errors/app-error.ts";
import type { Command } from "./command.ts";
import { MANAGER_USAGE, readManagerArguments } from "./manager-arguments.ts";
import { artifactText, askFor, type DifferenceRow, shortCommit } from "./management-answers.ts";
import { checkRevision, REVISION_USAGE } from "./revision-words.ts";
import { TakenOptions } from "./taken-options.ts";
import { printable, printableLines, textTable } from "./text-table.ts";

export const diffCommand: Command = {
  usage: `Usage: bascule diff A [B] [--names] [--json] [options]
Shows how to come from revision A to revision B (default: live): each artifact that was added, changed or removed, then
the lines.
${REVISION_USAGE}
  --names          artifacts only
  --json           the same as a JSON document
${MANAGER_USAGE}`,
  async run(args) {
    const options = new TakenOptions(args, { names: "flag", json: "flag" });
    const { access, positionals } = await readManagerArguments(
      options.rest,
      process.env,
      (given) => {
        if (given.length !== 1 && given.length !== 2)
          throw new AppError("USAGE", "diff needs one or two revisions");
        given.forEach(checkRevision);
      },
    );
    const [from = "", to = "live"] = positionals.map(checkRevision);
    const path = `/management/revisions/${from}/diff/${to}?lines=${!options.has("names")}`;
    const difference = await askFor<DifferenceRow>(access, path);
    console.log(options.has("json") ? JSON.stringify(difference, null, 2) : textOf(difference));
    return 0;
  },
};

function textOf({ from, to, count, list, cut }: DifferenceRow): string {
  const revisions = `${shortCommit(from)} → ${shortCommit(to)}`;
  if (count === 0) return `${revisions}: no difference`;
  const rows = list.map((one) => [one.change, artifactText(one), one.path]);
  const head = `${revisions}: ${count} ${count === 1 ? "file differs" : "files differ"}\n\n${textTable(["CHANGE", "ARTIFACT", "FILE"], rows)}`;
  const lined = list.filter(({ lines }) => lines !== undefined);
  const parts = lined.map((one) => {
    const body = one.lines === "" ? "(a binary file)" : printableLines(one.lines ?? "").trimEnd();
    return `--- ${one.change}: ${printable(artifactText(one))} (${printable(one.path)})\n${body}`;
  });
  const more = cut || list.length < count ? ["(more differs than is shown)"] : [];
  return [head, ...parts, ...more].join("\n\n");
}
