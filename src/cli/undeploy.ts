/** `bascule undeploy`: takes one artifact or carbon application out of what the cluster runs. */
import { AppError } from "../errors/app-error.ts";
import { CHANGE_OPTIONS, CHANGE_USAGE, changeQuery } from "./change-options.ts";
import type { Command } from "./command.ts";
import { reportDeployment } from "./deployment-report.ts";
import { MANAGER_USAGE, readManagerArguments } from "./manager-arguments.ts";
import { askManager, errorOf } from "./manager-client.ts";
import { TakenOptions } from "./taken-options.ts";

export const undeployCommand: Command = {
  usage: `Usage: bascule undeploy KIND NAME [options]
KIND: proxy-service, sequence, endpoint, local-entry, api, template, task, message-store, message-processor,
inbound-endpoint, priority-executor, carbonapp; the root elements of the files (proxy, localEntry, ...) are understood too.
NAME of a carbon application is NAME_VERSION.
${CHANGE_USAGE}
${MANAGER_USAGE}`,
  async run(args) {
    const options = new TakenOptions(args, CHANGE_OPTIONS);
    const { access, positionals } = await readManagerArguments(
      options.rest,
      process.env,
      (given) => {
        if (given.length !== 2) throw new AppError("USAGE", "undeploy needs KIND and NAME");
      },
    );
    const [kind = "", name = ""] = positionals;
    const artifact = `${encodeURIComponent(kind)}/${encodeURIComponent(name)}`;
    const query = changeQuery(options).toString();
    const path = `/management/artifacts/${artifact}${query === "" ? "" : `?${query}`}`;
    const answer = await askManager(access, { method: "DELETE", path });
    if (answer.status === 404)
      throw new AppError("ARTIFACT_UNKNOWN", errorOf(answer.body) ?? `no ${kind} "${name}"`);
    return reportDeployment(answer, "Undeployed");
  },
};
