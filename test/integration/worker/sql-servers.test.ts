import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, contract, open, urlTarget } from "./sql-contract.ts";
import { startSqlServer, whyNot } from "./sql-server.ts";

test("MariaDB answers as a database of dblookup", async (t) => {
  const reason = whyNot("mariadb");
  if (reason !== undefined) {
    t.skip(reason);
    return;
  }
  const server = await startSqlServer("mariadb");
  t.after(() => server.stop());
  const { pools } = open(t, { statementMs: 2_000 });
  const admin = urlTarget(`jdbc:mysql://127.0.0.1:${server.port}/mysql`, "root");
  await ask(pools, admin, "create database shop");
  const target = urlTarget(`jdbc:mysql://127.0.0.1:${server.port}/shop?useSSL=false`, "root");
  await contract(pools, target, "double");
  await ask(pools, target, "create table k (flag tinyint(1), big bigint, at datetime)");
  await ask(
    pools,
    target,
    "insert into k values (?, ?, ?)",
    true,
    9_007_199_254_740_993n,
    "2024-02-03 04:05:06",
  );
  assert.deepEqual((await ask(pools, target, "select * from k limit ?", 1n))?.texts, [
    "true",
    "9007199254740993",
    "2024-02-03 04:05:06.0",
  ]);
  await assert.rejects(ask(pools, target, "select sleep(5)"), /not finished within 2000 ms/);
  assert.deepEqual((await ask(pools, target, "select 1"))?.texts, ["1"]);
});

test("PostgreSQL answers as a database of dblookup", async (t) => {
  const reason = whyNot("postgresql");
  if (reason !== undefined) {
    t.skip(reason);
    return;
  }
  const server = await startSqlServer("postgresql");
  t.after(() => server.stop());
  const { pools } = open(t, { statementMs: 2_000 });
  const target = urlTarget(`jdbc:postgresql://127.0.0.1:${server.port}/postgres`, "postgres");
  await contract(pools, target, "double precision");
  await ask(pools, target, "create table k (flag boolean, big bigint, at timestamp)");
  await ask(
    pools,
    target,
    "insert into k values (?, ?, ?)",
    true,
    9_007_199_254_740_993n,
    "2024-02-03 04:05:06",
  );
  assert.deepEqual((await ask(pools, target, "select * from k"))?.texts, [
    "true",
    "9007199254740993",
    "2024-02-03 04:05:06.0",
  ]);
  await assert.rejects(ask(pools, target, "select pg_sleep(5)"), /not finished|statement timeout/);
  assert.deepEqual((await ask(pools, target, "select 1"))?.texts, ["1"]);
});
