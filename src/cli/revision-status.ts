/** `bascule status --revision`: who runs a revision, and waiting until all do; the exit status is for scripts. */
import { AppError } from "../errors/app-error.ts";
import { readManagerArguments } from "./manager-arguments.ts";
import { askManager, errorOf } from "./manager-client.ts";
import { type RevisionState, shortCommit } from "./management-answers.ts";
import { checkRevision } from "./revision-words.ts";
import { TakenOptions } from "./taken-options.ts";
import { printable, textTable } from "./text-table.ts";

const ANSWERS: readonly number[] = [200, 202, 408, 409];

/** @returns 0 when every live worker, gateway and manager has it, otherwise 1. */
export async function revisionStatus(args: readonly string[]): Promise<number> {
  const wanted = { revision: "flag", json: "flag", wait: "value" } as const;
  const options = new TakenOptions(args, wanted);
  const { access, positionals } = await readManagerArguments(options.rest, process.env, (given) => {
    if (given.length > 1) throw new AppError("USAGE", "status --revision takes one revision");
    given.forEach(checkRevision);
    checkTime(options.value("wait"));
  });
  const query = new URLSearchParams();
  const timeout = options.value("wait");
  if (timeout !== undefined) query.set("wait", "all");
  if (timeout !== undefined) query.set("timeout", timeout);
  const revision = checkRevision(positionals[0] ?? "live");
  const path = `/management/revision/${revision}?${query}`;
  const { status, body } = await askManager(access, { method: "GET", path });
  if (!ANSWERS.includes(status)) {
    const reason = errorOf(body) ?? `the manager answers ${status}`;
    throw new AppError(status === 404 ? "RESOURCE_UNKNOWN" : "REQUEST_INVALID", reason);
  }
  const state = body as RevisionState;
  console.log(options.has("json") ? JSON.stringify(state, null, 2) : textOf(state));
  return status === 200 ? 0 : 1;
}

/** askManager waits no longer than two minutes. */
function checkTime(text: string | undefined): void {
  if (text === undefined) return;
  const [, count = "", unit = ""] = /^(\d{1,6})(ms|s|m)$/.exec(text) ?? [];
  const ms = Number(count) * ({ ms: 1, s: 1_000, m: 60_000 }[unit] ?? Number.NaN);
  if (ms <= 100_000) return;
  throw new AppError("USAGE", `--wait takes a time up to 100s, such as 30s, not "${text}"`);
}

function textOf({
  revision,
  live,
  arrived,
  missing,
  nodes,
  Error: sentence,
}: RevisionState): string {
  const rows = nodes.map(({ name, role, state, revision: running, arrived: has, late }) => [
    name,
    role,
    state,
    shortCommit(running),
    has ? "yes" : late ? "no, late" : "no",
  ]);
  const verdict = arrived
    ? "All nodes have it."
    : (sentence ??
      `Not everywhere: ${missing.join(", ")} ${missing.length === 1 ? "has" : "have"} it not.`);
  return [
    `Revision ${shortCommit(revision)}${live === revision ? " (live)" : `; live is ${shortCommit(live)}`}`,
    textTable(["NODE", "ROLE", "STATE", "RUNS", "HAS IT"], rows),
    printable(verdict),
  ].join("\n\n");
}
