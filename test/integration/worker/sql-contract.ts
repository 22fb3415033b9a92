/** What every kind of database has to do for dblookup and dbreport, and the pools that tests ask. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { DatasourceConfig } from "../../../src/config/node-config.ts";
import type { SqlRow, SqlTarget, SqlValue } from "../../../src/mediation/sql/sql-port.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { SQLITE_FOLDER } from "../../../src/worker/sql/database-address.ts";
import { SqlPools } from "../../../src/worker/sql/sql-pools.ts";

export interface World {
  readonly pools: SqlPools;
  readonly home: string;
}

/** Pools with a home of their own. */
export function open(
  t: TestContext,
  options: { datasources?: DatasourceConfig[]; ownDatasource?: string; statementMs?: number } = {},
): World {
  const home = mkdtempSync(join(tmpdir(), "sql-home-"));
  mkdirSync(join(home, SQLITE_FOLDER), { recursive: true });
  const { datasources = [], statementMs = 5_000, ownDatasource } = options;
  const pools = new SqlPools({ home, datasources, ownDatasource, clock: systemClock, statementMs });
  t.after(async () => {
    await pools.close();
    rmSync(home, { recursive: true, force: true });
  });
  return { pools, home };
}

export function urlTarget(url: string, user = ""): SqlTarget {
  return { kind: "url", url, user, password: "", connectionsMax: 3 };
}

export async function ask(
  pools: SqlPools,
  target: SqlTarget,
  sql: string,
  ...values: readonly SqlValue[]
): Promise<SqlRow | undefined> {
  const [row] = await pools.run(target, [{ sql, values }], false);
  return row;
}

/** What has to hold for every kind of database. */
export async function contract(pools: SqlPools, target: SqlTarget, double: string): Promise<void> {
  await ask(
    pools,
    target,
    `create table t (id integer primary key, name varchar(50), price decimal(10,2), rate ${double}, born date)`,
  );
  const insert = "insert into t (id, name, price, rate, born) values (?, ?, ?, ?, ?)";
  const hostile = `x'); drop table t; -- "?" \\`;
  await ask(pools, target, insert, 1n, hostile, "10.50", 2, "2024-02-03");
  await ask(pools, target, insert, 2n, null, "1", 2.5, null);
  const first = await ask(pools, target, "select name, price, rate, born from t where id = ?", 1n);
  assert.deepEqual(first?.columns, ["name", "price", "rate", "born"]);
  assert.deepEqual(
    [first.texts[0], first.texts[2], first.texts[3]],
    [hostile, "2.0", "2024-02-03"],
  );
  assert.equal(Number(first.texts[1]), 10.5);
  const second = await ask(
    pools,
    target,
    "select name, rate, id from t where id = ? and '?' = '?'",
    2n,
  );
  assert.deepEqual(second?.texts, [undefined, "2.5", "2"]);
  assert.equal(await ask(pools, target, "select id from t where id = ?", 9n), undefined);
  const failing = [
    { sql: insert, values: [3n, "a", "1", 1, null] },
    { sql: insert, values: [1n, "again", "1", 1, null] },
  ];
  await assert.rejects(pools.run(target, failing, true));
  assert.deepEqual((await ask(pools, target, "select count(*) from t"))?.texts, ["2"]);
  await assert.rejects(pools.run(target, failing, false));
  assert.deepEqual((await ask(pools, target, "select count(*) from t"))?.texts, ["3"]);
  await assert.rejects(ask(pools, target, "select nonsense from t"), /nonsense/);
  await assert.rejects(ask(pools, target, "select 1; select 2"));
  const many = Array.from({ length: 20 }, () => ask(pools, target, "select max(id) from t"));
  for (const row of await Promise.all(many)) assert.deepEqual(row?.texts, ["3"]);
}
