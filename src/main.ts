/** Entry point: finds the command and runs it. Nothing else happens here. */
import { runCommandLine } from "./cli/command-line.ts";

process.exitCode = await runCommandLine(process.argv.slice(2));
