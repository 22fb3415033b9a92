/**
 * `bascule status [--json]`: every node of the cluster in DIR, running or not (docs/status.md describes the JSON); with --revision
 * who runs a revision, as the manager sees it.
 */
import { AppError } from "../errors/app-error.ts";
import { parseDirOptions } from "./cluster-dir.ts";
import type { Command } from "./command.ts";
import { MANAGER_USAGE } from "./manager-arguments.ts";
import { revisionStatus } from "./revision-status.ts";
import { REVISION_USAGE } from "./revision-words.ts";
import { controlSocketPath, readClusterFacts } from "./up/cluster-folder.ts";
import { planCluster } from "./up/cluster-plan.ts";
import type { ClusterStatus } from "./up/cluster-status.ts";
import { askControl } from "./up/control.ts";
import { stoppedStatus } from "./up/supervisor.ts";
import { nodeTable } from "./up/welcome.ts";

export const statusCommand: Command = {
  usage: `Usage: bascule status [--dir DIR] [--json]
       bascule status --revision [REV] [--wait TIME] [--json] [options]

  --dir DIR   folder of the cluster that \`bascule up\` made (default: .bascule)
  --json      the same as a JSON document for scripts; docs/status.md describes its fields

With --revision: who runs REV (default: live), and who is late. The exit status is 0 only when every live worker,
gateway and manager has it. --wait TIME waits until then, up to 100s; 30s, 500ms and 1m are understood.
${REVISION_USAGE}
${MANAGER_USAGE}`,
  async run(args) {
    if (args.includes("--revision")) return revisionStatus(args);
    const { dir, json } = parseDirOptions(args, true);
    const status = await statusOf(dir);
    if (json) console.log(JSON.stringify(status, null, 2));
    else printStatus(status);
    return 0;
  },
};

async function statusOf(dir: string): Promise<ClusterStatus> {
  const running = await askControl(controlSocketPath(dir), "GET", "/status");
  if (isClusterStatus(running)) return running;
  const facts = readClusterFacts(dir);
  if (!facts) {
    throw new AppError("HOME_INVALID", `there is no cluster in ${dir}; \`bascule up\` makes one`);
  }
  const plan = planCluster({ dir, ...facts });
  const stopped = plan.nodes.map((node) => stoppedStatus(node, "stopped"));
  return { nodes: stopped, urls: plan.urls };
}

function printStatus({ nodes, urls }: ClusterStatus): void {
  console.log(nodeTable(nodes));
  for (const { name, clusterTrouble, certificateTrouble, draining = [] } of nodes) {
    for (const sentence of draining) console.log(`\n  ${sentence}`);
    for (const trouble of [clusterTrouble, certificateTrouble])
      if (trouble !== undefined) console.log(`\n  ${name}: ${trouble}`);
  }
  console.log(`\n  Services        ${urls.services}`);
  console.log(`  Services (TLS)  ${urls.servicesSecure}`);
  console.log(`  Console         ${urls.console}`);
}

function isClusterStatus(answer: unknown): answer is ClusterStatus {
  return typeof answer === "object" && answer !== null && "nodes" in answer && "urls" in answer;
}
