/** `bascule certs rotate`: another internal certificate for each registered node, while everything runs. */
import { AppError } from "../errors/app-error.ts";
import type { Command } from "./command.ts";
import { MANAGER_USAGE, readManagerArguments } from "./manager-arguments.ts";
import { askManager } from "./manager-client.ts";
import { done } from "./trust/manager-answer.ts";

export const certsCommand: Command = {
  usage: `Usage: bascule certs rotate [options]
Every registered node makes a new key and gets a certificate for it; the one that it had does not count any more. Public
certificates are other files, which nodes take as soon as they are replaced.
${MANAGER_USAGE}`,
  async run(args) {
    const { access } = await readManagerArguments(args, process.env, (given) => {
      if (given.join(" ") !== "rotate") throw new AppError("USAGE", "certs knows: rotate");
    });
    const path = "/management/cluster/certificate-rotations";
    done(await askManager(access, { method: "POST", path }));
    console.log(
      "Every registered node replaces its internal certificate, those that are away when they are back",
    );
    return 0;
  },
};
