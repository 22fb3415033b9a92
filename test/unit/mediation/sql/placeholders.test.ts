import assert from "node:assert/strict";
import { test } from "node:test";
import {
  numberedPlaceholders,
  placeholderCount,
} from "../../../../src/mediation/sql/placeholders.ts";
import { sqlValue } from "../../../../src/mediation/sql/sql-types.ts";

test("places in strings, names and comments are none", () => {
  const sql = `select '?''?', "?", \`?\`, ? /* ? */ -- ?\n where a = ? and b = $x$ ? $x$`;
  assert.equal(placeholderCount(sql), 2);
  assert.equal(
    numberedPlaceholders(sql),
    `select '?''?', "?", \`?\`, $1 /* ? */ -- ?\n where a = $2 and b = $x$ ? $x$`,
  );
});

test("values take the form of their type, and nothing else", () => {
  assert.equal(sqlValue(" 5 ", "BIGINT"), 5n);
  assert.equal(sqlValue("1.50", "DECIMAL"), "1.50");
  assert.equal(sqlValue("2", "DOUBLE"), 2);
  assert.equal(sqlValue("TRUE", "BIT"), true);
  assert.equal(sqlValue("", "INTEGER"), null);
  assert.equal(sqlValue("", "VARCHAR"), "");
  assert.equal(sqlValue("2024-02-03 04:05:06.7", "TIMESTAMP"), "2024-02-03 04:05:06.7");
  for (const [text, type] of [
    ["128", "TINYINT"],
    ["1e3", "INTEGER"],
    ["1; x", "DECIMAL"],
    ["yesterday", "DATE"],
    ["25", "TIME"],
    ["x", "DOUBLE"],
  ] as const)
    assert.throws(() => sqlValue(text, type), /is not of SQL type/);
});
