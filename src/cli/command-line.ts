/** Finds the command that the first argument names, runs it, and turns errors into text and an exit status. */
import { AppError } from "../errors/app-error.ts";
import type { Command } from "./command.ts";
import { COMMANDS } from "./commands.ts";

/** @returns the process's exit status; never rejects. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "help" || name === "--help" || name === "-h")
    return help(rest[0]);
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (!command) {
    console.error(`bascule: there is no command "${name}"; \`bascule help\` lists them all`);
    return 2;
  }
  if (rest.includes("--help")) return help(name);
  try {
    return await command.run(rest);
  } catch (error) {
    return report(command, error);
  }
}

function help(name: string | undefined): number {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command) {
    console.log(command.usage);
    return 0;
  }
  const width = Math.max(...COMMANDS.map((candidate) => candidate.name.length)) + 2;
  console.log("Usage: bascule COMMAND [options]\n");
  for (const { name: word, summary } of COMMANDS) console.log(`  ${word.padEnd(width)}${summary}`);
  console.log("\n`bascule help COMMAND` tells more.");
  return 0;
}

function report(command: Command, error: unknown): number {
  if (!(error instanceof AppError)) {
    console.error(`bascule: internal error in \`bascule ${command.name}\`:`, error);
    return 1;
  }
  console.error(`bascule: ${error.message.replaceAll("\n", "\nbascule: ")}`);
  if (error.code !== "USAGE") return 1;
  console.error(`\n${command.usage}`);
  return 2;
}
