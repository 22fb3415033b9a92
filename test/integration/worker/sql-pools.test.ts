import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { DatasourceConfig } from "../../../src/config/node-config.ts";
import { addressOf } from "../../../src/worker/sql/database-address.ts";
import { ask, contract, open, urlTarget } from "./sql-contract.ts";

test("SQLite answers as a database of dblookup", async (t) => {
  const { pools } = open(t);
  await contract(pools, urlTarget("jdbc:sqlite:repository/sqlite/shop.sqlite"), "real");
});

test("a long statement of SQLite is stopped, and the next one runs", async (t) => {
  const { pools } = open(t, { statementMs: 300 });
  const target = urlTarget("jdbc:sqlite:repository/sqlite/slow.sqlite");
  const endless =
    "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n";
  await assert.rejects(ask(pools, target, endless), /not finished within 300 ms/);
  assert.deepEqual((await ask(pools, target, "select 1"))?.texts, ["1"]);
});

test("a datasource of the node is found by its names", async (t) => {
  const file = join(mkdtempSync(join(tmpdir(), "sql-ds-")), "a.sqlite");
  t.after(() => rmSync(join(file, ".."), { recursive: true, force: true }));
  const datasource: DatasourceConfig = {
    name: "SHOP_DB",
    jndiName: "jdbc/Shop",
    database: { kind: "sqlite", file },
  };
  const { pools } = open(t, { datasources: [datasource] });
  for (const name of ["jdbc/Shop", "SHOP_DB", "java:comp/env/jdbc/Shop"])
    assert.deepEqual((await ask(pools, { kind: "datasource", name }, "select 5"))?.texts, ["5"]);
  await assert.rejects(
    ask(pools, { kind: "datasource", name: "jdbc/Other" }, "select 1"),
    /no datasource jdbc\/Other in conf\/datasources/,
  );
});

test("artifacts reach no SQLite file but those of repository/sqlite, links included", async (t) => {
  const { pools, home } = open(t);
  mkdirSync(join(home, "repository/database"));
  const own = join(home, "repository/database/WSO2CARBON_DB.db");
  writeFileSync(own, "");
  symlinkSync(own, join(home, "repository/sqlite/link.sqlite"));
  for (const file of [
    "/tmp/else.sqlite",
    "../else.sqlite",
    "else.sqlite",
    "repository/database/WSO2CARBON_DB.db",
    "repository/sqlite/../database/WSO2CARBON_DB.db",
    "repository/sqlite/link.sqlite",
    "repository/sqlite",
    "conf/x.sqlite",
  ])
    await assert.rejects(
      ask(pools, urlTarget(`jdbc:sqlite:${file}`), "select 1"),
      /have to lie in the folder repository\/sqlite|does not exist/,
      file,
    );
});

test("the node's own datasource, and one with a file of the node's own data, are no artifact's", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "sql-own-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const at = (name: string, jndiName: string, file: string): DatasourceConfig => ({
    name,
    jndiName,
    database: { kind: "sqlite", file },
  });
  const { pools, home } = open(t, {
    datasources: [
      at("WSO2_CARBON_DB", "jdbc/WSO2CarbonDB", join(folder, "carbon.db")),
      at("USERS", "jdbc/Users", join(folder, "users.db")),
    ],
    ownDatasource: "jdbc/Users",
  });
  for (const name of ["WSO2_CARBON_DB", "jdbc/WSO2CarbonDB", "jdbc/Users", "USERS"])
    await assert.rejects(
      ask(pools, { kind: "datasource", name }, "select 1"),
      /holds the node's own tables/,
    );
  mkdirSync(join(home, "repository/database"));
  const inside = at("H2", "jdbc/H2", join(home, "repository/database/SHOP.sqlite"));
  const book = { home, datasources: [inside] };
  assert.throws(() => addressOf({ kind: "datasource", name: "H2" }, book), /repository\/sqlite/);
});

test("a statement opens no second database and changes no setting of SQLite", async (t) => {
  const { pools, home } = open(t);
  const target = urlTarget("jdbc:sqlite:repository/sqlite/a.sqlite");
  const other = join(home, "other.sqlite");
  for (const sql of [
    `attach database '${other}' as o`,
    `/* x */ -- y\n ATTACH '${other}' as o`,
    `vacuum into '${other}'`,
    "pragma writable_schema = 1",
  ])
    await assert.rejects(ask(pools, target, sql), /has to begin with one of/, sql);
  assert.equal(existsSync(other), false);
  assert.deepEqual((await ask(pools, target, "-- fine\nselect 1"))?.texts, ["1"]);
});

test("a server that is not there is a clear error", async (t) => {
  const { pools } = open(t);
  await assert.rejects(
    ask(pools, urlTarget("jdbc:mysql://127.0.0.1:1/x", "u"), "select 1"),
    /ECONNREFUSED/,
  );
  await assert.rejects(
    ask(pools, urlTarget("jdbc:postgresql://127.0.0.1:1/x", "u"), "select 1"),
    /ECONNREFUSED/,
  );
});
