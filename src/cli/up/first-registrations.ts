/**
 * Makes the homes of `bascule up` a cluster, in the way of `init-cluster`, `join-token` and `register-node`: the manager's home gets
 * the authority, each other home a registration with a join token of its own. Homes that are registered stay as they
 * are, so that a worker that is added later is registered at that start.
 */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseJoinToken } from "../../net/trust/join-token.ts";
import type { NodeConfig } from "../../config/node-config.ts";
import { replaceSecretFile } from "../../net/trust/secret-file.ts";
import { TrustHome } from "../../net/trust/trust-home.ts";
import { systemClock } from "../../runtime/clock.ts";
import type { ClusterPlan, PlannedNode } from "./cluster-plan.ts";

/** Of one registration, which follows at once. */
const TOKEN_TTL_S = 60;

/** Resolves at once when every home is registered: nothing of the manager is loaded then. @throws AppError. */
export async function registerHomes(
  plan: ClusterPlan,
  say: (sentence: string) => void,
): Promise<void> {
  const nodes = plan.nodes.filter(({ role }) => role !== "backend");
  const manager = nodes.find(({ role }) => role === "manager");
  const missing = nodes.filter(({ home }) => !new TrustHome(home).isRegistered);
  if (!manager || missing.length === 0) return;
  keepOlderSecret(plan, manager);
  const { initializeCluster, managementPlace, managerConfig, withAuthority } =
    await import("../trust/cluster-authority.ts");
  const { registerHome } = await import("../trust/register-home.ts");
  // A home without a secret is new and has no tables yet.
  if (existsSync(new TrustHome(manager.home).secretsFile))
    await migrateStore(managerConfig(manager.home), say);
  if (missing.includes(manager)) await initializeCluster(manager.home, {});
  const config = managerConfig(manager.home);
  await withAuthority(config, async (authority) => {
    for (const { home, name, role } of missing) {
      if (role !== "gateway" && role !== "worker") continue;
      const token = parseJoinToken(await authority.issueJoinToken(TOKEN_TTL_S, "up"));
      const wanted = { home: new TrustHome(home), name, role, token };
      const place = managementPlace(config);
      await registerHome({ ...wanted, manager: place }, (request) => authority.register(request));
    }
  });
}

/** The folder is `up`'s own, so that nobody has to be asked; a manager whose homes are all registered does it at its start. */
async function migrateStore(config: NodeConfig, say: (sentence: string) => void): Promise<void> {
  const { databaseFileOf } = await import("../../manager/store/datasource.ts");
  const { setUpStore } = await import("../../manager/store/store.ts");
  const { home } = config;
  const place = { file: databaseFileOf(config), home, clock: systemClock };
  const store = await setUpStore({ ...place, onMigrated: say });
  await store.close();
}

/** A folder of an earlier version has its secret in DIR/tls: nodes that run on with it stay together. */
function keepOlderSecret({ dir }: ClusterPlan, manager: PlannedNode): void {
  const older = join(dir, "tls", "cluster-password");
  const { secretsFile } = new TrustHome(manager.home);
  if (!existsSync(older) || existsSync(secretsFile)) return;
  mkdirSync(dirname(secretsFile), { recursive: true });
  replaceSecretFile(secretsFile, readFileSync(older, "utf8"));
}
