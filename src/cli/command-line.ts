/** Finds the command that the first argument names, runs it, and turns errors into text and an exit status. */
import { AppError } from "../errors/app-error.ts";
import type { CommandEntry } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { surviveLostOutput } from "./lost-output.ts";

/** @returns the process's exit status; never rejects. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  surviveLostOutput();
  const [name, ...rest] = args;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    return help(rest[0]);
  }
  const entry = findEntry(name);
  if (!entry) return unknownCommand(name);
  if (rest.includes("--help") || rest[0] === "-h") return help(name);
  const command = await entry.load();
  try {
    return await command.run(rest);
  } catch (error) {
    return report(name, error);
  }
}

function findEntry(name: string | undefined): CommandEntry | undefined {
  return COMMANDS.find((entry) => entry.name === name);
}

async function help(name: string | undefined): Promise<number> {
  const entry = findEntry(name);
  if (entry) {
    console.log((await entry.load()).usage);
    return 0;
  }
  if (name !== undefined) return unknownCommand(name);
  const width = Math.max(...COMMANDS.map((candidate) => candidate.name.length)) + 2;
  console.log("Usage: bascule COMMAND [options]\n");
  for (const { name: word, summary } of COMMANDS) console.log(`  ${word.padEnd(width)}${summary}`);
  console.log("\n`bascule help COMMAND` tells more.");
  return 0;
}

function unknownCommand(name: string): number {
  console.error(`bascule: there is no command "${name}"; \`bascule help\` lists them all`);
  return 2;
}

/** The usage is one more command away: printed here it would push the error out of sight. */
function report(name: string, error: unknown): number {
  if (!(error instanceof AppError)) {
    console.error(`bascule: internal error in \`bascule ${name}\`:`, error);
    return 1;
  }
  console.error(`bascule: ${sentenceOf(error).replaceAll("\n", "\nbascule: ")}`);
  if (error.code !== "USAGE") return 1;
  console.error(`Run \`bascule ${name} --help\` to see how it is used.`);
  return 2;
}

/** Node's own words for an unknown option go on with advice about positional arguments, which misleads. */
function sentenceOf({ message }: AppError): string {
  return message.replace(/^(Unknown option '[^']*')\. To specify a positional .*$/s, "$1");
}
