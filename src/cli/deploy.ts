/** `bascule deploy`: hands artifacts and carbon applications to the manager; what is given goes in together or not at all. */
import { AppError } from "../errors/app-error.ts";
import { CHANGE_OPTIONS, CHANGE_USAGE, changeQuery } from "./change-options.ts";
import type { Command } from "./command.ts";
import { deployRequest } from "./deployment-files.ts";
import { reportDeployment } from "./deployment-report.ts";
import { MANAGER_USAGE, readManagerArguments } from "./manager-arguments.ts";
import { askManager } from "./manager-client.ts";
import { TakenOptions } from "./taken-options.ts";

export const deployCommand: Command = {
  usage: `Usage: bascule deploy FILE|DIR|APP.car... [options]
Kind and name are read from each file's root element; of a folder all .xml and .car files in it and below are taken.
A carbon application replaces the version of it that runs. All go in, or none; what is not named stays as it is.
Every live worker makes the new revision ready first: when one refuses it or does not answer, nobody switches.
${CHANGE_USAGE}
${MANAGER_USAGE}`,
  async run(args) {
    const options = new TakenOptions(args, CHANGE_OPTIONS);
    const { access, positionals } = await readManagerArguments(
      options.rest,
      process.env,
      (files) => {
        if (files.length === 0) throw new AppError("USAGE", "deploy needs at least one file");
      },
    );
    const answer = await askManager(access, deployRequest(positionals, changeQuery(options)));
    return reportDeployment(answer, "Deployed");
  },
};
