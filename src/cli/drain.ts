/** `bascule drain NODE`: a worker gets no new sessions; bound ones stay until they end or the deadline is over. */
import { systemClock } from "../runtime/clock.ts";
import type { Command } from "./command.ts";
import { readDrainArguments } from "./drain-arguments.ts";
import { followNode, nodePath, order } from "./drain-progress.ts";
import { MANAGER_USAGE } from "./manager-arguments.ts";

export const drainCommand: Command = {
  usage: `Usage: bascule drain NODE [--deadline TIME] [--stop] [--force] [options]
No new session reaches the worker NODE; those bound to it stay until they end or the time is over. Then it
stays as it is until \`bascule resume NODE\`, or stops. Ending this command does not end the draining.
  --deadline TIME  how long sessions may keep it, for example 90s, 10m, 1h (default: DrainTime of carbon.xml)
  --stop           then stop it
  --force          also where no other worker takes new sessions
${MANAGER_USAGE}`,
  async run(args) {
    const { access, name, deadlineMs, given } = await readDrainArguments(
      args,
      ["--stop", "--force"],
      () => true,
    );
    const [stop, force] = [given.has("--stop"), given.has("--force")];
    const body = { stop, force, ...(deadlineMs !== undefined && { deadlineMs }) };
    await order(access, nodePath(name, "drain"), body);
    return followNode(access, name, systemClock);
  },
};
