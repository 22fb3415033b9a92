/** Says before anything of a manager starts whether its tables are there: a manager without them must not join a cluster first. */
import type { NodeConfig } from "../../config/node-config.ts";
import type { Clock } from "../../runtime/clock.ts";
import { databaseFileOf } from "./datasource.ts";
import { openStore } from "./store.ts";

/** With -Dsetup there is nothing to check: the start makes them. @throws AppError STORE_NOT_SET_UP. */
export async function checkStore(config: NodeConfig, clock: Clock): Promise<void> {
  if (config.setup) return;
  const store = await openStore({ file: databaseFileOf(config), home: config.home, clock });
  await store.close();
}
