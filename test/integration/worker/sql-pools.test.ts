import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { DatasourceConfig } from "../../../src/config/node-config.ts";
import { ask, contract, open, urlTarget } from "./sql-contract.ts";

test("SQLite answers as a database of dblookup", async (t) => {
  const { pools } = open(t);
  await contract(pools, urlTarget("jdbc:sqlite:shop.sqlite"), "real");
});

test("a long statement of SQLite is stopped, and the next one runs", async (t) => {
  const { pools } = open(t, { statementMs: 300 });
  const target = urlTarget("jdbc:sqlite:slow.sqlite");
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

test("artifacts reach no SQLite file outside the home", async (t) => {
  const { pools } = open(t);
  await assert.rejects(
    ask(pools, urlTarget("jdbc:sqlite:/tmp/else.sqlite"), "select 1"),
    /inside the node's home/,
  );
  await assert.rejects(
    ask(pools, urlTarget("jdbc:sqlite:../else.sqlite"), "select 1"),
    /inside the node's home/,
  );
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
