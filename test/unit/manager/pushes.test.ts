/** What whoever pushes is told. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { outcomeOf } from "../../../src/manager/pushes.ts";
import type { Deployment } from "../../../src/manager/store/journal.ts";

const MAIN = "a".repeat(40);
const LIVE = "b".repeat(40);

function told(refs: { main: string; live: string }, rows: readonly Partial<Deployment>[]) {
  const publisher = {
    refs: () => Promise.resolve(refs),
    isAncestor: (one: string, other: string) => Promise.resolve(one === other),
  };
  return outcomeOf(publisher, { list: () => Promise.resolve(rows as readonly Deployment[]) });
}

describe("outcomeOf", () => {
  it("says that what was pushed is live", async () => {
    assert.deepEqual(await told({ main: MAIN, live: MAIN }, []), [
      "aaaaaaaaaaaa is live: the cluster runs it.",
    ]);
  });

  it("says what was noted of it, such as warnings", async () => {
    const notes = ["warning: this line is odd in x.xml:2"];
    const lines = await told({ main: MAIN, live: MAIN }, [{ id: 7, commit: MAIN, notes }]);
    assert.deepEqual(lines, ["aaaaaaaaaaaa is live: the cluster runs it.", ...notes]);
  });

  it("gives the journal's problems with file and line, sentences about commits as they are, and what stays live", async () => {
    const problems = [
      { file: "synapse-configs/default/api/A.xml", line: 7, message: "no context" },
      { file: "commit aaaaaaaaaaaa", line: 0, message: "commit aaaa by Alice is not signed." },
    ];
    const lines = await told({ main: MAIN, live: LIVE }, [
      { id: 8, commit: LIVE, problems: [] },
      { id: 7, commit: MAIN, problems },
    ]);
    assert.deepEqual(lines.slice(0, 4), [
      "aaaaaaaaaaaa was not deployed; bbbbbbbbbbbb stays live.",
      "synapse-configs/default/api/A.xml:7: no context",
      "commit aaaa by Alice is not signed.",
      "It is deployment 7 of the journal.",
    ]);
  });

  it("shows ten problems, and how many more there are", async () => {
    const problem = { file: "x.xml", line: 1, message: "wrong" };
    const problems = Array.from({ length: 13 }, () => problem);
    const lines = await told({ main: MAIN, live: LIVE }, [{ id: 7, commit: MAIN, problems }]);
    assert.equal(lines.filter((line) => line === "x.xml:1: wrong").length, 10);
    assert.ok(lines.includes("and 3 more problems"));
  });
});
