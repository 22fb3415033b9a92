/** `bascule node list` and `bascule node remove NAME`: who is registered, and the end of a registration. */
import { AppError } from "../errors/app-error.ts";
import { systemClock } from "../runtime/clock.ts";
import type { Command } from "./command.ts";
import { MANAGER_USAGE, readManagerArguments } from "./manager-arguments.ts";
import { askManager, type ManagerAccess } from "./manager-client.ts";
import { done } from "./trust/manager-answer.ts";
import { membersOf, untilRotated } from "./trust/rotation-wait.ts";

export const nodeCommand: Command = {
  usage: `Usage: bascule node list [options]
       bascule node remove NAME [options]
remove: the node's certificate and token stop working at once, and the cluster's secret, which it knows, is replaced.
${MANAGER_USAGE}`,
  async run(args) {
    const { access, positionals } = await readManagerArguments(args, process.env, checkWords);
    const [verb, name = ""] = positionals;
    if (verb === "list") return list(access);
    const path = `/management/cluster/nodes/${encodeURIComponent(name)}`;
    done(await askManager(access, { method: "DELETE", path }));
    await untilRotated(access, systemClock);
    console.log(`${name} was removed, and the cluster's secret was replaced`);
    return 0;
  },
};

function checkWords([verb, ...names]: readonly string[]): void {
  const isKnown =
    (verb === "list" && names.length === 0) || (verb === "remove" && names.length === 1);
  if (!isKnown) throw new AppError("USAGE", "node knows: list, and remove NAME");
}

async function list(access: ManagerAccess): Promise<number> {
  const { list: nodes } = await membersOf(access);
  for (const node of Array.isArray(nodes) ? nodes : []) console.log(lineOf(node));
  return 0;
}

function lineOf(node: Partial<Readonly<Record<string, unknown>>>): string {
  const { name, role, inTouch, certificateUntil, certificateDaysLeft, certificateWarning } = node;
  const touch = inTouch === true ? "in touch" : "away";
  const until = String(certificateUntil).slice(0, 10);
  const days = typeof certificateDaysLeft === "number" ? `, ${certificateDaysLeft} days` : "";
  const warning = typeof certificateWarning === "string" ? `  WARNING: ${certificateWarning}` : "";
  return `${String(name).padEnd(24)} ${String(role).padEnd(8)} ${touch.padEnd(8)} certificate until ${until}${days}${warning}`;
}
