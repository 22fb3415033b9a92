/**
 * The project's own cases of Synapse configurations (own-cases/, of the form of `case-format.ts`), each played against a worker
 * over sockets by the processes of `case-pool.ts`. What they expect was read from Synapse's sources and documentation.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { readCases } from "./case-format.ts";
import { runCases } from "./case-pool.ts";

const folder = join(import.meta.dirname, "own-cases");

describe("the project's own cases of Synapse configurations", () => {
  const cases = readCases(folder);
  const results = new Map<string, readonly string[]>();

  before(async () => {
    await runCases(cases, {
      folder,
      processes: 2,
      timeoutMs: 30_000,
      onResult: ({ id }, differences) => results.set(id, differences),
    });
  });

  it("have names of their own", () => {
    assert.equal(new Set(cases.map(({ id }) => id)).size, cases.length);
  });

  for (const { id } of cases)
    it(id, () => assert.deepEqual(results.get(id) ?? ["it was not played"], []));
});
