/** `bascule rollback`: makes the content of an earlier revision live again, by a new commit through the same barrier. */
import { AppError } from "../errors/app-error.ts";
import { CHANGE_USAGE, readChangeArguments, withQuery } from "./change-options.ts";
import type { Command } from "./command.ts";
import { reportDeployment } from "./deployment-report.ts";
import { MANAGER_USAGE } from "./manager-arguments.ts";
import { askManager, errorOf } from "./manager-client.ts";
import { REVISION_USAGE } from "./revision-words.ts";

export const rollbackCommand: Command = {
  usage: `Usage: bascule rollback REV [options]
Makes a new revision whose artifacts are those of REV (who may push is not changed) and deploys it: every worker
switches to it, or none.
${REVISION_USAGE}
${CHANGE_USAGE}
${MANAGER_USAGE}`,
  async run(args) {
    const { access, positionals, query } = await readChangeArguments(args, (given) => {
      if (given.length !== 1) throw new AppError("USAGE", "rollback needs one revision");
    });
    const answer = await askManager(access, {
      method: "POST",
      path: withQuery("/management/deployments/rollback", query),
      contentType: "application/json",
      body: Buffer.from(JSON.stringify({ revision: positionals[0] })),
    });
    if (answer.status === 404)
      throw new AppError("RESOURCE_UNKNOWN", errorOf(answer.body) ?? "there is no such revision");
    return reportDeployment(answer, "Rolled back");
  },
};
