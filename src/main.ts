/** Entry point: runs the command and ends the process with its status. Nothing else happens here. */
import { runCommandLine } from "./cli/command-line.ts";

process.exit(await runCommandLine(process.argv.slice(2)));
