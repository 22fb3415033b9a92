/** The table of `npm run bench:cluster`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { figureTable, isMissed, quantile } from "../../../benchmarks/cluster/figure.ts";

test("the table says what was promised, and marks what was missed or could not be measured", () => {
  const table = figureTable([
    { what: "a", value: 12.34, unit: "ms", limit: 100 },
    { what: "b", value: 301, unit: "MB", limit: 300 },
    { what: "c", value: 2, unit: "" },
  ]);
  assert.deepEqual(table.split("\n").slice(2), [
    "| a | 12.3 ms | <= 100 ms |",
    "| b | 301 MB (missed) | <= 300 MB |",
    "| c | 2 |  |",
  ]);
  assert.equal(isMissed({ what: "d", value: quantile([], 0.5), unit: "ms", limit: 5 }), true);
  assert.deepEqual([quantile([3, 1, 2], 0.5), quantile([3, 1, 2], 1)], [2, 3]);
});
