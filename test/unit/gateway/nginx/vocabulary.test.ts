/** docs/directives.md says what the rows hold. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DIRECTIVES } from "../../../../src/gateway/nginx/directives.ts";
import { directiveLine, statusOf, VOCABULARY } from "../../../../src/gateway/nginx/vocabulary.ts";
import { PACKAGE_ROOT } from "../../../../src/runtime/product.ts";

const cellsOf = (line: string): string => line.replaceAll(/\s+/g, "");

test("the page of directives tells the status of every directive as the rows have it", () => {
  const page = readFileSync(join(PACKAGE_ROOT, "docs", "directives.md"), "utf8");
  const lines = new Set(page.split("\n").map(cellsOf));
  const names = new Set([...VOCABULARY, ...DIRECTIVES.map((row) => row.name)]);
  for (const name of names) assert.ok(lines.has(cellsOf(directiveLine(name, DIRECTIVES))), name);
});

test("the vocabulary has 206 directives, each once", () => {
  assert.equal(VOCABULARY.length, 206);
  assert.equal(new Set(VOCABULARY).size, 206);
});

test("tells what is missing, what has no effect and what is unknown", () => {
  assert.deepEqual(statusOf("rewrite", DIRECTIVES), { kind: "full" });
  assert.deepEqual(statusOf("real_ip_header", DIRECTIVES), {
    kind: "partial",
    missing: "proxy_protocol",
  });
  assert.deepEqual(statusOf("sendfile", DIRECTIVES), { kind: "accepted" });
  assert.deepEqual(statusOf("no_such_directive", DIRECTIVES), { kind: "unsupported" });
});
