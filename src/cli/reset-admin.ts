/** `bascule reset-admin`: a new random password for the user admin, whether the manager runs or not. */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { loadNodeConfig } from "../config/load-node-config.ts";
import { AppError, messageOf } from "../errors/app-error.ts";
import { resetAdmin } from "../manager/auth/admin-account.ts";
import { initialPasswordFile } from "../manager/auth/initial-password.ts";
import { systemClock } from "../runtime/clock.ts";
import type { Command } from "./command.ts";

export const resetAdminCommand: Command = {
  usage: `Usage: bascule reset-admin [--home DIR | --dir DIR]
  --home DIR   the manager's home
  --dir DIR    folder of the cluster that \`bascule up\` made; the home is DIR/manager (default: .bascule)
All logins of admin end. The new password is printed once and written to
<home>/repository/database/initial-admin-password.`,
  async run(args) {
    const home = readHome(args);
    const { config } = loadNodeConfig({ home, properties: {}, environment: process.env });
    const password = await resetAdmin(config, systemClock);
    console.log(`New password of admin: ${password}`);
    console.log(`It is also in ${initialPasswordFile(config.home)} until admin changes it.`);
    return 0;
  },
};

function readHome(args: readonly string[]): string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { home: { type: "string" }, dir: { type: "string" } },
    });
    if (values.home !== undefined && values.dir !== undefined)
      throw new AppError("USAGE", "--home and --dir exclude each other");
    return resolve(values.home ?? join(values.dir ?? ".bascule", "manager"));
  } catch (error) {
    throw error instanceof AppError ? error : new AppError("USAGE", messageOf(error));
  }
}
