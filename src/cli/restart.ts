/** `bascule restart NODE` and `bascule restart --rolling`: workers drained and started again, one or all one after the other. */
import { systemClock } from "../runtime/clock.ts";
import type { Command } from "./command.ts";
import { readDrainArguments } from "./drain-arguments.ts";
import { followNode, followRolling, nodePath, order } from "./drain-progress.ts";
import { MANAGER_USAGE } from "./manager-arguments.ts";

export const restartCommand: Command = {
  usage: `Usage: bascule restart NODE [--deadline TIME] [--force] [options]
       bascule restart --rolling [--deadline TIME] [--force] [options]
Drains the worker NODE (\`bascule drain\`), then ends it, for its supervisor (\`bascule up\`, systemd) to start it again.
--rolling does so with every worker that is active, the next one when the one before is active on the live revision again,
and stops at the first that does not come back. Gateways and managers are not restarted. The manager goes on when this
command is ended; \`bascule status\` shows it, and \`bascule resume NODE\` stops it at that node.
  --deadline TIME  how long sessions may keep each worker, for example 90s, 10m, 1h (default: DrainTime of carbon.xml)
  --force          also where no other worker takes new sessions
${MANAGER_USAGE}`,
  async run(args) {
    const { access, name, deadlineMs, given } = await readDrainArguments(
      args,
      ["--rolling", "--force"],
      (flags) => !flags.has("--rolling"),
    );
    const body = { force: given.has("--force"), ...(deadlineMs !== undefined && { deadlineMs }) };
    if (!given.has("--rolling")) {
      await order(access, nodePath(name, "restart"), body);
      return followNode(access, name, systemClock);
    }
    await order(access, "/management/draining/rolling-restart", body);
    return followRolling(access, systemClock);
  },
};
