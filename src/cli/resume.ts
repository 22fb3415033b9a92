/** `bascule resume NODE`: a worker that drains takes new sessions again. */
import type { Command } from "./command.ts";
import { readDrainArguments } from "./drain-arguments.ts";
import { nodePath, order } from "./drain-progress.ts";
import { MANAGER_USAGE } from "./manager-arguments.ts";

export const resumeCommand: Command = {
  usage: `Usage: bascule resume NODE [options]
The worker NODE, which drains or is drained, takes new sessions again. A rolling restart that has come to it ends.
${MANAGER_USAGE}`,
  async run(args) {
    const { access, name } = await readDrainArguments(args, [], () => true);
    await order(access, nodePath(name, "resume"));
    console.log(`${name} takes new sessions again`);
    return 0;
  },
};
