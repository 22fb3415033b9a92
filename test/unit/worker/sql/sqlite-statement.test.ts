import assert from "node:assert/strict";
import { test } from "node:test";
import { refusalOf } from "../../../../src/worker/sql/sqlite-statement.ts";

test("statements that read and write tables run, behind comments too", () => {
  for (const sql of [
    "select 1",
    " \n\tWITH n(i) as (select 1) select i from n",
    "-- attach\ninsert into t values (1)",
    "/* pragma * / **/replace into t values (1)",
    "create table t (id integer)",
  ])
    assert.equal(refusalOf(sql), undefined, sql);
});

test("whatever else SQLite knows is refused, however it is hidden", () => {
  for (const sql of [
    "attach 'x' as y",
    ";attach 'x' as y",
    "/**/ATTACH 'x' as y",
    "--\nattach 'x' as y",
    "--\r attach 'x' as y\nattach 'x' as y",
    "/*/ select */ vacuum into 'x'",
    "\uFEFFattach 'x' as y",
    "\u00A0attach 'x' as y",
    "selectx",
    "explain select 1",
    "pragma writable_schema",
    "/* select 1",
    "",
  ])
    assert.match(refusalOf(sql) ?? "", /has to begin with one of/, sql);
});
