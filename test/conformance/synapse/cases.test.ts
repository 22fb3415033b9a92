/**
 * All acceptance cases of Synapse configurations, each played against a worker over sockets by the processes of
 * `case-pool.ts`. The cases lie outside the repository: where they are absent the suite says that it skipped.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { readCases } from "./case-format.ts";
import { runCases } from "./case-pool.ts";
import { KNOWN_DIFFERENCES } from "./known-differences.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const folder = join(root, "..", "shared", "acceptance", "synapse");
const absent = !existsSync(join(folder, "cases.json"));

describe("Synapse acceptance cases", { skip: absent ? `no cases in ${folder}` : false }, () => {
  const cases = absent ? [] : readCases(folder);
  const results = new Map<string, readonly string[]>();

  before(async () => {
    await runCases(cases, {
      folder,
      processes: 2,
      timeoutMs: 30_000,
      onResult: ({ id }, differences) => results.set(id, differences),
    });
  });

  it("lists only cases of the set as known differences", () => {
    const ids = new Set(cases.map(({ id }) => id));
    for (const id of KNOWN_DIFFERENCES.keys()) assert.ok(ids.has(id), `${id} is no case`);
  });

  for (const { id } of cases) {
    const reason = KNOWN_DIFFERENCES.get(id);
    it(reason === undefined ? id : `${id} differs: ${reason}`, () => {
      const differences = results.get(id) ?? ["it was not played"];
      if (reason === undefined) assert.deepEqual(differences, []);
      else
        assert.notDeepEqual(differences, [], `${id} passes now: take it out of known-differences`);
    });
  }
});
