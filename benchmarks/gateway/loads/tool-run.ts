/** Runs a load generator to its end on the load CPU and returns what it printed. */
import { join } from "node:path";
import type { Workplace } from "../workplace.ts";

/** @throws Error with the tool's last words when it ends with another status than 0, or not within the time. */
export async function runTool(
  { processes, cpus, folder }: Workplace,
  command: readonly string[],
  secondsMax: number,
): Promise<string> {
  const [name = ""] = command;
  const logFile = join(folder, "load.log");
  const tool = processes.start({ name, cpu: cpus.load, command, logFile });
  const status = await tool.finish(secondsMax);
  const { output } = tool;
  if (status !== 0) {
    throw new Error(`${name} ended with status ${status}: ${output.trim().slice(-500)}`);
  }
  return output;
}
