/** Runs one of the load programs of our own and reads the LoadResult that it prints as JSON. */
import { join } from "node:path";
import { NODE } from "../machine.ts";
import type { LoadResult } from "../sample.ts";
import type { Workplace } from "../workplace.ts";
import { runTool } from "./tool-run.ts";

export interface ClientRun {
  readonly program: "echo-client" | "handshake-client";
  /** What goes before the seconds on its command line. */
  readonly args: readonly (string | number)[];
  readonly seconds: number;
}

/** @throws Error when it prints no result. */
export async function runClientProgram(
  workplace: Workplace,
  { program, args, seconds }: ClientRun,
): Promise<LoadResult> {
  const file = join(import.meta.dirname, "..", "programs", `${program}.ts`);
  const command = [NODE, file, ...args.map(String), String(seconds)];
  const output = await runTool(workplace, command, seconds + 30);
  const line = output.split("\n").findLast((text) => text.startsWith("{"));
  if (line === undefined) throw new Error(`${program} printed no result: ${output.slice(-500)}`);
  return JSON.parse(line) as LoadResult;
}
