/** `bascule secret rotate`: another secret for the cluster, while everything runs. */
import { AppError } from "../errors/app-error.ts";
import { systemClock } from "../runtime/clock.ts";
import type { Command } from "./command.ts";
import { MANAGER_USAGE, readManagerArguments } from "./manager-arguments.ts";
import { askManager } from "./manager-client.ts";
import { done } from "./trust/manager-answer.ts";
import { untilRotated } from "./trust/rotation-wait.ts";

export const secretCommand: Command = {
  usage: `Usage: bascule secret rotate [options]
Makes a new secret; nodes take it from the manager, first beside the old one, and the old one is dropped when all have followed.
Nothing stops. A node that is away gets it when it asks again.
${MANAGER_USAGE}`,
  async run(args) {
    const { access } = await readManagerArguments(args, process.env, (given) => {
      if (given.join(" ") !== "rotate") throw new AppError("USAGE", "secret knows: rotate");
    });
    const path = "/management/cluster/secret-rotations";
    done(await askManager(access, { method: "POST", path }));
    await untilRotated(access, systemClock);
    console.log("The cluster's secret was replaced");
    return 0;
  },
};
