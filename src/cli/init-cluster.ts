/** `bascule init-cluster`: makes a cluster's authority, secret, internal token and signing key in the home of its first manager. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { AppError, messageOf } from "../errors/app-error.ts";
import type { Command } from "./command.ts";

export const initClusterCommand: Command = {
  usage: `Usage: bascule init-cluster [--home DIR] [--name NAME]
  --home DIR    home of the first manager (default: the current folder)
  --name NAME   the node's name (default: the folder's name); start it with -DnodeName=NAME then
Done once for a cluster, before or after the manager's first start (a running one is started again). A secret
that is in conf/cluster-password already stays. What is made lies in conf/trust; back it up, it cannot be made again.`,
  async run(args) {
    const { home, name } = parse(args);
    if (!existsSync(home))
      throw new AppError("HOME_INVALID", `there is no folder ${home}; name the manager's home`);
    const properties = name === undefined ? {} : { nodeName: name };
    const { initializeCluster } = await import("./trust/cluster-authority.ts");
    await initializeCluster(home, properties);
    console.log(
      `Made the cluster's authority, secret, internal token and signing key in ${home}/conf`,
    );
    console.log(
      "Start the manager (the first time with -Dsetup), then register other nodes: bascule join-token, bascule register-node",
    );
    return 0;
  },
};

function parse(args: readonly string[]): { readonly home: string; readonly name?: string } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { home: { type: "string", default: "." }, name: { type: "string" } },
    });
    const { name } = values;
    return { home: resolve(values.home), ...(name !== undefined && { name }) };
  } catch (error) {
    throw new AppError("USAGE", messageOf(error));
  }
}
