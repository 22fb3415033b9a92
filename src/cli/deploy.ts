/** `bascule deploy`: hands artifacts and carbon applications to the manager; what is given goes in together or not at all. */
import { AppError } from "../errors/app-error.ts";
import { CHANGE_USAGE, readChangeArguments } from "./change-options.ts";
import type { Command } from "./command.ts";
import { deployRequest, resourceRequest } from "./deployment-files.ts";
import { reportDeployment } from "./deployment-report.ts";
import { MANAGER_USAGE } from "./manager-arguments.ts";
import { askManager } from "./manager-client.ts";

const OWN = { key: "value" } as const;

export const deployCommand: Command = {
  usage: `Usage: bascule deploy FILE|DIR|APP.car... [options]
       bascule deploy FILE --key conf:/PATH|gov:/PATH [options]
Kind and name are read from each file's root element; of a folder all .xml and .car files in it and below are taken,
and all files below registry/config/ and registry/governance/ as the registry resources conf:/PATH and gov:/PATH.
A carbon application replaces the version of it that runs. All go in, or none; what is not named stays as it is.
Every live worker makes the new revision ready first: when one refuses it or does not answer, nobody switches.
  --key KEY        FILE, of any form, is the registry resource of this key, conf:/PATH or gov:/PATH
${CHANGE_USAGE}
${MANAGER_USAGE}`,
  async run(args) {
    const check = (files: readonly string[]): void => {
      if (files.length === 0) throw new AppError("USAGE", "deploy needs at least one file");
    };
    const { access, positionals, query, options } = await readChangeArguments(args, check, OWN);
    const key = options.value("key");
    const request =
      key === undefined
        ? deployRequest(positionals, query)
        : resourceRequest(positionals, key, query);
    const answer = await askManager(access, request);
    return reportDeployment(answer, "Deployed");
  },
};
