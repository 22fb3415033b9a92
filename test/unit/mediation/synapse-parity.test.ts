/** docs/synapse-parity.md says what the engine does: its tables are compared with what compiles and what does not. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { compileEngine } from "../../../src/mediation/compile-engine.ts";
import { MEDIATOR_READERS } from "../../../src/mediation/xml/read/mediator-readers.ts";
import { EXTENSION_FUNCTIONS } from "../../../src/mediation/xml/xpath-functions.ts";
import { KNOWN_DIFFERENCES } from "../../conformance/synapse/known-differences.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { SYNAPSE } from "./mediation-world.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../../docs/synapse-parity.md"), "utf8");

/** The rows of a section's table: first and second cell. */
function rowsOf(section: string): ReadonlyMap<string, string> {
  const start = PAGE.indexOf(`\n## ${section}\n`);
  assert.ok(start >= 0, `no section ${section}`);
  const end = PAGE.indexOf("\n## ", start + 1);
  const text = PAGE.slice(start, end === -1 ? undefined : end);
  return new Map(
    [...text.matchAll(/^\| `([^`]+)` +\| ([^|]+?) *\|/gm)].map(([, name = "", cell = ""]) => [
      name,
      cell,
    ]),
  );
}

/** What is wrong with the content of `<definitions>`. */
function problemsOf(content: string): readonly string[] {
  const text = `<definitions xmlns="${SYNAPSE}">${content}</definitions>`;
  const result = compileEngine(
    [{ path: "synapse-configs/default/synapse.xml", content: Buffer.from(text) }],
    {
      log: new MemoryLog(),
      systemProperties: {},
      callEndpoint: () => Promise.reject(new Error("nothing is sent")),
    },
  );
  return result.kind === "faulty" ? result.problems.map(({ message }) => message) : [];
}

const UNKNOWN = /^Unknown mediator referenced|not supported/;

test("every mediator that is read has a row, and every row says whether it is read", () => {
  const rows = rowsOf("Mediators");
  for (const { name } of MEDIATOR_READERS) assert.ok(rows.has(name), `no row for ${name}`);
  for (const [name, state] of rows) {
    const problems = problemsOf(`<sequence name="s"><${name}/></sequence>`);
    if (state === "refused") assert.ok(problems.length > 0, `${name} is not refused`);
    else assert.ok(!problems.some((one) => UNKNOWN.test(one)), `${name}: ${problems.join()}`);
  }
});

test("every row of an artifact says whether it is read", () => {
  for (const [name, state] of rowsOf("Artifacts")) {
    const problems = problemsOf(`<${name} name="n"/>`);
    const isUnknown = problems.some((one) => /not supported|[Uu]nknown/.test(one));
    assert.equal(isUnknown, state === "refused", `${name} is ${state}: ${problems.join()}`);
  }
});

test("every row of an endpoint says whether it is read", () => {
  for (const [name, state] of rowsOf("Endpoints")) {
    const problems = problemsOf(`<endpoint name="e"><${name}/></endpoint>`);
    const isRefused = problems.some((one) => /not supported|refused/.test(one));
    assert.equal(isRefused, state === "refused", `${name} is ${state}: ${problems.join()}`);
  }
});

test("the functions are those of the engine", () => {
  const names = [...rowsOf("Expressions").keys()];
  assert.deepEqual(names.toSorted(), [...EXTENSION_FUNCTIONS.keys(), "get-property"].toSorted());
});

test("the cases that do not pass are those of the table, each with its reason", () => {
  const rows = rowsOf("Acceptance cases that do not pass");
  assert.deepEqual([...rows.keys()].toSorted(), [...KNOWN_DIFFERENCES.keys()].toSorted());
  for (const [id, reason] of KNOWN_DIFFERENCES)
    assert.equal((rows.get(id) ?? "").replaceAll("`", ""), reason, id);
});
