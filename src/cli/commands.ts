/** All commands, in the order in which `bascule help` shows them. A new command is one file and one line here. */
import type { Command } from "./command.ts";
import { deployCommand } from "./deploy.ts";
import { downCommand } from "./down.ts";
import { gatewayCommand } from "./gateway.ts";
import { resetAdminCommand } from "./reset-admin.ts";
import { sampleBackendCommand } from "./sample-backend.ts";
import { serverCommand } from "./server.ts";
import { statusCommand } from "./status.ts";
import { undeployCommand } from "./undeploy.ts";
import { upCommand } from "./up.ts";
import { versionCommand } from "./version.ts";

export const COMMANDS: readonly Command[] = [
  upCommand,
  downCommand,
  statusCommand,
  deployCommand,
  undeployCommand,
  resetAdminCommand,
  serverCommand,
  gatewayCommand,
  sampleBackendCommand,
  versionCommand,
];
