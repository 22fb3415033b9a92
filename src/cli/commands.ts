/** All commands, in the order in which `bascule help` shows them. A new command is one file and one line here. */
import type { Command } from "./command.ts";
import { versionCommand } from "./version.ts";

export const COMMANDS: readonly Command[] = [versionCommand];
