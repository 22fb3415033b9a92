/** `bascule down`: asks the running `bascule up` to stop its nodes in order, and waits until it has. */
import { AppError } from "../errors/app-error.ts";
import { sleep, systemClock } from "../runtime/clock.ts";
import { parseDirOptions } from "./cluster-dir.ts";
import type { Command } from "./command.ts";
import { controlSocketPath } from "./up/cluster-folder.ts";
import { askControl } from "./up/control.ts";

const STOP_MS_MAX = 60_000;

export const downCommand: Command = {
  usage: `Usage: bascule down [--dir DIR]
  --dir DIR   folder of the cluster that \`bascule up\` made (default: .bascule)
Stops gateway, workers, manager and backend in this order, and waits until they have.`,
  async run(args) {
    const { dir } = parseDirOptions(args, false);
    const socket = controlSocketPath(dir);
    if ((await askControl(socket, "POST", "/down")) === undefined) {
      console.log(`No cluster is up in ${dir}.`);
      return 0;
    }
    const deadlineMs = systemClock.monotonicMs() + STOP_MS_MAX;
    while ((await askControl(socket, "GET", "/status")) !== undefined) {
      if (systemClock.monotonicMs() > deadlineMs) {
        const late = `the cluster in ${dir} did not stop within ${STOP_MS_MAX / 1000} s`;
        throw new AppError("INTERNAL", late);
      }
      await sleep(systemClock, 50);
    }
    console.log(`The cluster in ${dir} has stopped.`);
    return 0;
  },
};
