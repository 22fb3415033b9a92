/** A manager's home of an earlier version: what `up` does with its tables by itself, and what a single manager asks for. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import Sqlite from "better-sqlite3";
import { freeOffset } from "../../helpers/free-offset.ts";
import { NodeProcess, runBascule } from "../../helpers/node-process.ts";

const READY = /Ctrl-C stops all nodes/;
const NEW_TABLES = [
  "cluster_nodes",
  "join_tokens",
  "revoked_certificates",
  "cluster_state",
  "deployment_answers",
];
const NEW_COLUMNS = ["phases", "notes", "finished_at"];
const MIGRATED =
  /manager's tables in \S+\.\w+ were of an earlier version and are up to date now \(0002-cluster-trust, 0003-deployment-answers\)/;

/** Takes the tables back to what the first version had, and the registrations with them. */
function makeOld(dir: string): void {
  const home = join(dir, "manager");
  const database = new Sqlite(join(home, "repository/database/WSO2CARBON_DB.sqlite"));
  for (const table of NEW_TABLES) database.exec(`DROP TABLE ${table}`);
  database.exec("DROP INDEX deployments_by_commit");
  for (const column of NEW_COLUMNS) database.exec(`ALTER TABLE deployments DROP COLUMN ${column}`);
  database.exec("DELETE FROM kysely_migration WHERE name > '0001-users-and-deployments'");
  database.close();
  for (const node of ["manager", "worker-1", "gateway"])
    rmSync(join(dir, node, "conf/trust"), { recursive: true });
}

async function runUp(context: TestContext, args: readonly string[]): Promise<NodeProcess> {
  const up = new NodeProcess(["up", ...args]);
  context.after(() => up.stop());
  await up.line(READY, 40_000);
  return up;
}

test("a home of an earlier version: a single manager says what to run, and `up` migrates by itself and says so", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "bascule-version-"));
  context.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  const dir = join(folder, "c");
  const offset = String(await freeOffset(2));
  const size = ["--dir", dir, "--offset", offset, "--workers", "1"];
  const first = await runUp(context, [...size, "--no-sample"]);
  assert.equal(
    first.countOf(/earlier version/),
    0,
    "a new cluster has nothing to bring up to date",
  );
  await first.stop();
  makeOld(dir);

  const manager = join(dir, "manager");
  const alone = await runBascule(["server", "--home", manager]);
  assert.equal(alone.status, 1);
  const told = `are of an earlier version; run \`bascule server --home ${manager} -Dsetup\` once`;
  assert.equal(alone.text.split(told).length, 2, `said once:\n${alone.text}`);

  const again = await runUp(context, ["--dir", dir]);
  assert.equal(again.countOf(MIGRATED), 1);
  assert.equal(again.countOf(/ has ended|: failed/), 0);
});
