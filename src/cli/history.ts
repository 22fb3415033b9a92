/** `bascule history`: the journal of deployments, and everything about one of them. */
import { AppError } from "../errors/app-error.ts";
import type { Command } from "./command.ts";
import { deploymentText } from "./deployment-text.ts";
import { MANAGER_USAGE, readManagerArguments } from "./manager-arguments.ts";
import type { ManagerAccess } from "./manager-client.ts";
import {
  artifactText,
  askFor,
  type DeploymentDetail,
  type DeploymentRow,
  shortCommit,
} from "./management-answers.ts";
import { readCount, TakenOptions } from "./taken-options.ts";
import { textTable } from "./text-table.ts";

const LIMIT_MAX = 10_000;
const LIMIT_DEFAULT = 20;
/** Of one answer of the API. */
const PAGE = 100;
/** Artifacts of one deployment that a row names. */
const NAMED_MAX = 3;

export const historyCommand: Command = {
  usage: `Usage: bascule history [NUMBER] [--limit N] [--artifact NAME] [--json] [options]
Shows what was deployed, by whom, how it came and what became of it, newest first; with NUMBER everything about one
deployment: its steps and their times, what each worker answered, what it changed.
  --limit N        how many (default: ${LIMIT_DEFAULT})
  --artifact NAME  only deployments of an artifact of that name
  --json           the same as a JSON document
${MANAGER_USAGE}`,
  async run(args) {
    const options = new TakenOptions(args, { limit: "value", artifact: "value", json: "flag" });
    const limit = readCount(options.value("limit") ?? `${LIMIT_DEFAULT}`, "--limit", LIMIT_MAX);
    const { access, positionals } = await readManagerArguments(
      options.rest,
      process.env,
      (given) => {
        if (given.length > 1) throw new AppError("USAGE", "history takes one number at most");
        for (const number of given) readCount(number, "the number of a deployment", 999_999_999);
      },
    );
    const [number] = positionals;
    if (number !== undefined) return printOne(access, number, options.has("json"));
    const list = await askAll(access, limit, options.value("artifact"));
    console.log(options.has("json") ? JSON.stringify({ list }, null, 2) : tableOf(list));
    return 0;
  },
};

async function printOne(access: ManagerAccess, number: string, json: boolean): Promise<number> {
  const detail = await askFor<DeploymentDetail>(access, `/management/deployments/${number}`);
  console.log(json ? JSON.stringify(detail, null, 2) : deploymentText(detail));
  return 0;
}

async function askAll(
  access: ManagerAccess,
  limit: number,
  artifact: string | undefined,
): Promise<readonly DeploymentRow[]> {
  const rows: DeploymentRow[] = [];
  let before: number | null = null;
  do {
    const query = new URLSearchParams({ limit: String(Math.min(PAGE, limit - rows.length)) });
    if (before !== null) query.set("before", String(before));
    if (artifact !== undefined) query.set("artifact", artifact);
    const page: { readonly list: readonly DeploymentRow[]; readonly next: number | null } =
      await askFor(access, `/management/deployments?${query}`);
    rows.push(...page.list);
    before = page.next;
  } while (before !== null && rows.length < limit);
  return rows;
}

function tableOf(list: readonly DeploymentRow[]): string {
  if (list.length === 0) return "Nothing was deployed.";
  const rows = list.map((row) => [
    String(row.id),
    row.at.replace("T", " ").replace(/\.\d+Z$/, "Z"),
    row.who,
    row.via,
    `${row.action} ${namesOf(row)}`.trim(),
    row.outcome,
    shortCommit(row.commit),
  ]);
  return textTable(["NUMBER", "WHEN", "WHO", "VIA", "WHAT", "OUTCOME", "REVISION"], rows);
}

function namesOf({ artifacts }: DeploymentRow): string {
  const more = artifacts.length - NAMED_MAX;
  const named = artifacts.slice(0, NAMED_MAX).map(artifactText).join(", ");
  return more > 0 ? `${named} and ${more} more` : named;
}
