/** `bascule undeploy`: takes one artifact, carbon application or registry resource out of what the cluster runs. */
import { AppError } from "../errors/app-error.ts";
import { CHANGE_USAGE, readChangeArguments, withQuery } from "./change-options.ts";
import type { Command } from "./command.ts";
import { reportDeployment } from "./deployment-report.ts";
import { MANAGER_USAGE } from "./manager-arguments.ts";
import { askManager, errorOf } from "./manager-client.ts";

export const undeployCommand: Command = {
  usage: `Usage: bascule undeploy KIND NAME [options]
KIND: proxy-service, sequence, endpoint, local-entry, api, template, task, message-store, message-processor,
inbound-endpoint, priority-executor, carbonapp, registry-resource; the root elements of the files (proxy, localEntry, ...) are understood too.
NAME of a carbon application is NAME_VERSION, that of a registry-resource its key, conf:/PATH or gov:/PATH.
${CHANGE_USAGE}
${MANAGER_USAGE}`,
  async run(args) {
    const { access, positionals, query } = await readChangeArguments(args, (given) => {
      if (given.length !== 2) throw new AppError("USAGE", "undeploy needs KIND and NAME");
    });
    const [kind = "", name = ""] = positionals;
    const artifact = `${encodeURIComponent(kind)}/${encodeURIComponent(name)}`;
    const path = withQuery(`/management/artifacts/${artifact}`, query);
    const answer = await askManager(access, { method: "DELETE", path });
    if (answer.status === 404)
      throw new AppError("ARTIFACT_UNKNOWN", errorOf(answer.body) ?? `no ${kind} "${name}"`);
    return reportDeployment(answer, "Undeployed");
  },
};
