/** `bascule undeploy`: takes one artifact out of what the cluster runs. */
import { AppError } from "../errors/app-error.ts";
import type { Command } from "./command.ts";
import { reportDeployment } from "./deployment-report.ts";
import { MANAGER_USAGE, readManagerArguments } from "./manager-arguments.ts";
import { askManager, errorOf } from "./manager-client.ts";

export const undeployCommand: Command = {
  usage: `Usage: bascule undeploy KIND NAME [options]
KIND: proxy-service, sequence, endpoint, local-entry, api, template, task, message-store,
message-processor, inbound-endpoint, priority-executor; the root elements of the files (proxy, localEntry, ...) are understood too.
${MANAGER_USAGE}`,
  async run(args) {
    const { access, positionals } = await readManagerArguments(args, process.env);
    const [kind, name, ...rest] = positionals;
    if (kind === undefined || name === undefined || rest.length > 0)
      throw new AppError("USAGE", "undeploy needs KIND and NAME");
    const path = `/management/artifacts/${encodeURIComponent(kind)}/${encodeURIComponent(name)}`;
    const answer = await askManager(access, { method: "DELETE", path });
    if (answer.status === 404)
      throw new AppError("ARTIFACT_UNKNOWN", errorOf(answer.body) ?? `no ${kind} "${name}"`);
    return reportDeployment(answer, "Undeployed");
  },
};
