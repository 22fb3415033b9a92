/** docs/directives.md says what the rows hold, and the rows do what it says. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ConfigError } from "../../../../src/errors/config-error.ts";
import type { Context } from "../../../../src/gateway/nginx/directive.ts";
import { DIRECTIVES } from "../../../../src/gateway/nginx/directives.ts";
import { directiveLine, statusOf, VOCABULARY } from "../../../../src/gateway/nginx/vocabulary.ts";
import { loadGatewayConfig } from "../../../../src/gateway/nginx/load-config.ts";
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
  assert.deepEqual(statusOf("access_log", DIRECTIVES), { kind: "partial", missing: "syslog" });
  assert.deepEqual(statusOf("sendfile", DIRECTIVES), { kind: "accepted" });
  assert.deepEqual(statusOf("no_such_directive", DIRECTIVES), { kind: "unsupported" });
});

/** The problems of a configuration that has one statement at that level. */
async function problemsWith(statement: string, context: Context): Promise<readonly string[]> {
  const text = wrap(statement, context);
  const options = {
    file: "/etc/g/main.conf",
    prefix: "/var/g",
    files: { readText: () => text, glob: () => [] },
    lookupHost: () => Promise.reject(new Error("none")),
  };
  try {
    const { warnings } = await loadGatewayConfig(options);
    return warnings.map(({ message }) => message);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems.map(({ message }) => message);
  }
}

function wrap(statement: string, context: Context): string {
  const frames: Partial<Record<Context, readonly [string, string]>> = {
    events: ["events {", "}"],
    http: ["http {", "}"],
    server: ["http { server {", "} }"],
    location: ["http { server { location / {", "} } }"],
  };
  const [before, after] = frames[context] ?? ["", ""];
  return `${before} ${statement} ${after}`;
}

const accepted = DIRECTIVES.filter((row) => row.kind === "setting" && row.hasNoEffect === true);

test("every directive that is accepted without effect says so wherever it may stand", async () => {
  assert.ok(accepted.length > 20);
  for (const { name, contexts, arity } of accepted) {
    for (const context of contexts) {
      if (context === "location-if" || context === "upstream") continue;
      const found = await problemsWith(`${name} ${"1 ".repeat(arity.min)};`, context);
      const sentence = `"${name}" directive is accepted and has no effect`;
      assert.ok(found.includes(sentence), `${name} in ${context}: ${found.join("; ")}`);
    }
  }
});

test("a directive that is called accepted has no row with an effect, and one with an effect is not called so", () => {
  const without = new Set(accepted.map((row) => row.name));
  for (const name of new Set(DIRECTIVES.map((row) => row.name))) {
    assert.equal(statusOf(name, DIRECTIVES).kind === "accepted", without.has(name), name);
  }
});

test("every directive of the vocabulary that is not supported is refused by its name", async () => {
  const unsupported = VOCABULARY.filter(
    (name) => statusOf(name, DIRECTIVES).kind === "unsupported",
  );
  for (const name of unsupported) {
    for (const context of ["main", "http", "server", "location"] as const) {
      const found = await problemsWith(`${name} 1;`, context);
      assert.deepEqual(found, [`unknown directive "${name}"`]);
    }
  }
});

test("every directive is refused with more arguments than it takes, and where it may not stand", async () => {
  for (const { name, kind, arity, contexts } of DIRECTIVES) {
    const context = (["main", "http", "server", "location"] as const).find((at) =>
      contexts.includes(at),
    );
    if (kind === "block" || !context) continue;
    const found = await problemsWith(`${name} ${"1 ".repeat(arity.max + 1)};`, context);
    assert.ok(
      found.includes(`invalid number of arguments in "${name}" directive`),
      `${name}: ${found.join("; ")}`,
    );
    const rows = DIRECTIVES.filter((row) => row.name === name);
    if (rows.some((row) => row.contexts.includes("events"))) continue;
    const elsewhere = await problemsWith(`${name} 1;`, "events");
    assert.deepEqual(elsewhere, [`"${name}" directive is not allowed here`]);
  }
});
