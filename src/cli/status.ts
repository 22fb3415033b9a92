/** `bascule status [--json]`: every node of the cluster in DIR, running or not. docs/status.md describes the JSON. */
import { AppError } from "../errors/app-error.ts";
import { parseDirOptions } from "./cluster-dir.ts";
import type { Command } from "./command.ts";
import { controlSocketPath, readClusterFacts } from "./up/cluster-folder.ts";
import { planCluster } from "./up/cluster-plan.ts";
import type { ClusterStatus } from "./up/cluster-status.ts";
import { askControl } from "./up/control.ts";
import { stoppedStatus } from "./up/supervisor.ts";
import { nodeTable } from "./up/welcome.ts";

export const statusCommand: Command = {
  usage: "Usage: bascule status [--dir DIR] [--json]",
  async run(args) {
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
  console.log(`\n  Services        ${urls.services}`);
  console.log(`  Services (TLS)  ${urls.servicesSecure}`);
  console.log(`  Console         ${urls.console}`);
}

function isClusterStatus(answer: unknown): answer is ClusterStatus {
  return typeof answer === "object" && answer !== null && "nodes" in answer && "urls" in answer;
}
